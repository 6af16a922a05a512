# COCO 2017: training on proxy masks, validation on true masks.
_base_ = 'mmdet::_base_/datasets/coco_instance.py'

train_pipeline = [
    dict(type='LoadImageFromFile', backend_args=None),
    dict(type='mmboxcaseg.UprightPhoto'),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    dict(type='mmboxcaseg.MarkIgnoredMasks'),
    dict(type='Resize', scale=(1333, 800), keep_ratio=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='mmboxcaseg.PackProxyDetInputs'),
]
train_dataloader = dict(
    dataset=dict(
        type='mmboxcaseg.ProxyMaskDataset',
        ann_file='annotations/proxy_masks_train2017.json',
        # Masks with a lower agreement are ignored (Table 8 of the paper).
        agreement_thr=0.95,
        pipeline=train_pipeline,
    )
)

# The metric reads the true masks itself. The boxes are for --show-dir.
test_pipeline = [
    dict(type='LoadImageFromFile', backend_args=None),
    dict(type='mmboxcaseg.UprightPhoto'),
    dict(type='Resize', scale=(1333, 800), keep_ratio=True),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='PackDetInputs',
        meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'),
    ),
]
val_dataloader = dict(
    dataset=dict(type='mmboxcaseg.COCOInstanceDataset', pipeline=test_pipeline)
)
test_dataloader = val_dataloader

val_evaluator = dict(type='mmboxcaseg.COCOInstanceMetric')
test_evaluator = val_evaluator
