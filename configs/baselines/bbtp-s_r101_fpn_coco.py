# BBTP+S, our reading of the paper's Table 1 (docs/baselines.md): BBTP on boxes
# and salient images. The object of a salient image has a class of its own,
# which is never detected. Only salient objects have a valid mask.
#
# Batches are drawn from the union of both sets; train_dataloader.sampler can set a
# ratio. model.rpn_head.salient_images=False excludes salient images from the
# losses of the RPN.
_base_ = ['../_base_/datasets/salient_instances.py', './bbtp_r101_fpn_coco.py']

boxes = _base_.train_dataloader.dataset
load, upright, annotations, *augmentation = boxes.pipeline
model = dict(
    rpn_head=dict(type='mmboxcaseg.JointRPNHead'),
    roi_head=dict(
        bbox_head=dict(
            # mmdet.Shared2FCBBoxHead with an extra class.
            type='mmboxcaseg.ExtraClassBBoxHead',
            num_shared_fcs=2,
            num_extra_classes=1,
        ),
        mask_head=dict(with_masks=True, num_extra_classes=1),
    ),
)
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='mmboxcaseg.JointInstanceDataset',
        box=dict(
            boxes,
            pipeline=[
                load,
                upright,
                annotations,
                # Masks of these objects are not valid.
                dict(type='mmboxcaseg.BoxesAsMasks', weight=0.0),
                *augmentation,
            ],
        ),
        salient=dict(
            _base_.salient_instances,
            pipeline=[
                load,
                upright,
                dict(type='mmboxcaseg.LoadSalientInstance'),
                *augmentation,
            ],
        ),
    )
)
