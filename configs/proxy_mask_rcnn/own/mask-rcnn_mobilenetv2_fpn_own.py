# Mask R-CNN on masks of one's own, on the backbone of the small BoxCaseg, for
# a CPU: what `boxcaseg detector` runs, with paths, classes and the number of
# iterations filled in.
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
        # Of masks of the small model the confidence tells the good ones.
        agreement_thr=0.0,
        confidence_thr=0.5,
    )
)
# Boxes of photos kept aside; their masks are no true ones.
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
