# A few hundred images of COCO 2017 with VOC's 20 classes, at a size that a CPU
# can train on. MMBOXCASEG_DATA names the folder of the data sets,
# MMBOXCASEG_WORK the folder of the proxy masks that were made from them.
_base_ = './voc_proxy_instance.py'

data_root = '{{$MMBOXCASEG_DATA:data}}/coco_mini/'
ann_file_val = data_root + 'annotations/instances_val2017_voc20.json'
scale = (384, 256)

train_pipeline = [
    dict(type='LoadImageFromFile', backend_args=None),
    dict(type='mmboxcaseg.UprightPhoto'),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    dict(type='mmboxcaseg.MarkIgnoredMasks'),
    dict(
        type='RandomResize',
        scale=scale,
        ratio_range=(0.75, 1.25),
        resize_type='Resize',
        keep_ratio=True,
    ),
    dict(type='RandomFlip', prob=0.5),
    dict(type='mmboxcaseg.PackProxyDetInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile', backend_args=None),
    dict(type='mmboxcaseg.UprightPhoto'),
    dict(type='Resize', scale=scale, keep_ratio=True),
    dict(
        type='PackDetInputs',
        meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'),
    ),
]
# data_root is empty, since proxy masks and images lie in different folders.
train_dataloader = dict(
    batch_size=4,
    dataset=dict(
        data_root='',
        # 0.95 would ignore 13 of 14 masks, and there are few masks.
        agreement_thr=0.85,
        ann_file='{{$MMBOXCASEG_WORK:work_dirs}}/mini/proxy_masks_train2017.json',
        data_prefix=dict(img=data_root + 'train2017/'),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    dataset=dict(
        data_root='',
        ann_file=ann_file_val,
        data_prefix=dict(img=data_root + 'val2017/'),
        pipeline=test_pipeline,
    )
)
test_dataloader = val_dataloader

val_evaluator = [dict(metric, ann_file=ann_file_val) for metric in _base_.val_evaluator]
test_evaluator = val_evaluator
