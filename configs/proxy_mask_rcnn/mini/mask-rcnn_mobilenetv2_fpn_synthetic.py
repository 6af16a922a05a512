# Stage 3 of tools/quickstart.sh: Mask R-CNN on the proxy masks of the synthetic
# data, with the backbone that BoxCaseg has trained.
_base_ = './mask-rcnn_mobilenetv2_fpn_coco-mini.py'

quickstart = '{{$MMBOXCASEG_QUICKSTART:work_dirs/quickstart}}/'
data_root = quickstart + 'data/coco/'
ann_file_val = data_root + 'annotations/instances_val.json'
metainfo = dict(classes=('star', 'crescent', 'arrow', 'gourd', 'leaf'))
max_iters = 360
# At this size objects are still large enough, and training sees twice as many of
# them in the same time.
scale = (200, 150)

model = dict(
    backbone=dict(
        init_cfg=dict(
            type='Pretrained',
            checkpoint=quickstart + 'boxcaseg/iter_400.pth',
            prefix='backbone.',
        ),
    ),
    roi_head=dict(bbox_head=dict(num_classes=5), mask_head=dict(num_classes=5)),
    train_cfg=dict(rcnn=dict(sampler=dict(num=20))),
)

train_pipeline = [
    dict(type='LoadImageFromFile', backend_args=None),
    dict(type='mmboxcaseg.UprightPhoto'),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    dict(type='mmboxcaseg.MarkIgnoredMasks'),
    dict(type='Resize', scale=scale, keep_ratio=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='mmboxcaseg.PackProxyDetInputs'),
]
train_dataloader = dict(
    batch_size=8,
    num_workers=1,
    dataset=dict(
        metainfo=metainfo,
        ann_file=quickstart + 'proxy_masks_train.json',
        data_prefix=dict(img=data_root + 'train/'),
        pipeline=train_pipeline,
    ),
)
test_pipeline = [
    dict(type='LoadImageFromFile', backend_args=None),
    dict(type='mmboxcaseg.UprightPhoto'),
    dict(type='Resize', scale=scale, keep_ratio=True),
    dict(
        type='PackDetInputs',
        meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'),
    ),
]
val_dataloader = dict(
    num_workers=1,
    dataset=dict(
        metainfo=metainfo,
        ann_file=ann_file_val,
        data_prefix=dict(img=data_root + 'val/'),
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader
val_evaluator = [dict(metric, ann_file=ann_file_val) for metric in _base_.val_evaluator]
test_evaluator = val_evaluator

train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
optim_wrapper = dict(
    optimizer=dict(lr=0.002),
    # The backbone was trained on the same images.
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=1.0))),
)
warm_up, decay = _base_.param_scheduler
param_scheduler = [dict(warm_up, end=50), dict(decay, begin=50, end=max_iters)]
default_hooks = dict(checkpoint=dict(interval=max_iters))
randomness = dict(seed=0)
