# BBTP+S, small enough for two CPU cores. bbtp-s_r101_fpn_voc.py describes it.
_base_ = [
    '../../_base_/datasets/salient_instances.py',
    './bbtp_mobilenetv2_fpn_coco-mini.py',
]

boxes = _base_.train_dataloader.dataset
load, upright, annotations, *augmentation = boxes.pipeline
model = dict(
    rpn_head=dict(type='mmboxcaseg.JointRPNHead'),
    roi_head=dict(
        bbox_head=dict(type='mmboxcaseg.ExtraClassBBoxHead', num_extra_classes=1),
        mask_head=dict(with_masks=True, num_extra_classes=1),
    ),
)
train_dataloader = dict(
    # This data has five salient images for each photo with boxes; on VOC both
    # numbers are about the same.
    sampler=dict(
        _delete_=True,
        type='MultiSourceSampler',
        batch_size=_base_.train_dataloader.batch_size,
        source_ratio=[2, 2],
    ),
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
            data_root='{{$MMBOXCASEG_DATA:data}}/duts_tr_mini/',
            pipeline=[
                load,
                upright,
                dict(type='mmboxcaseg.LoadSalientInstance'),
                *augmentation,
            ],
        ),
    ),
)
