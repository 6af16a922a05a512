# Mask R-CNN on your masks, with the backbone of the small BoxCaseg, for a CPU.
# `boxcaseg detector` runs this config and fills in paths, classes and the number
# of iterations.
_base_ = '../mini/mask-rcnn_mobilenetv2_fpn_coco-mini.py'
data_root = 'data/mine/'
metainfo = dict(classes=('object',))
num_classes = 1
max_iters = 1500

model = dict(
    backbone=dict(
        init_cfg=dict(
            type='Pretrained',
            checkpoint='mmboxcaseg://boxcaseg_small',
            prefix='backbone.',
        )
    ),
    roi_head=dict(
        bbox_head=dict(num_classes=num_classes), mask_head=dict(num_classes=num_classes)
    ),
)
train_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        metainfo=metainfo,
        ann_file='masks.json',
        data_prefix=dict(img='images/'),
        # For masks of the small model, confidence separates the good ones better.
        agreement_thr=0.0,
        confidence_thr=0.5,
    )
)
# Boxes of photos kept aside. Their masks are not true ones.
val_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        metainfo=metainfo,
        ann_file='kept_aside.json',
        data_prefix=dict(img='images/'),
    )
)
test_dataloader = val_dataloader
val_evaluator = [
    dict(
        type='mmboxcaseg.COCOInstanceMetric',
        ann_file=data_root + 'kept_aside.json',
        metric='bbox',
    )
]
test_evaluator = val_evaluator
