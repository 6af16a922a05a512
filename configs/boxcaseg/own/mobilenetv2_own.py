# The small model of the package, trained further on your boxes and on salient
# images. `boxcaseg train` runs this config and fills in paths and the number of
# iterations.
_base_ = '../mini/mobilenetv2_coco-mini_default.py'
load_from = 'mmboxcaseg://boxcaseg_small'
data_root = 'data/mine/'
max_iters = 600

# The model of the package has no transferred head to start from, and its heads
# have fewer hidden channels.
model = dict(
    backbone=dict(init_cfg=None),
    weak_head=dict(channels=128),
    salient_head=dict(channels=128),
    transferred_head=None,
)

# Your photos may be large, so a JPEG is decoded no larger than needed.
box_pipeline = [
    dict(_base_.train_dataloader.dataset.box.pipeline[1], type='LoadBoxPatch'),
    *_base_.train_dataloader.dataset.box.pipeline[2:],
]
# The network must not rely on salient images looking like everyday photos.
salient_pipeline = [
    *_base_.train_dataloader.dataset.salient.pipeline[:-1],
    dict(type='RandomLook'),
    _base_.train_dataloader.dataset.salient.pipeline[-1],
]
train_dataloader = dict(
    dataset=dict(
        box=dict(
            data_root=data_root,
            ann_file='train.json',
            data_prefix=dict(img='images/'),
            pipeline=box_pipeline,
        ),
        salient=dict(data_root='data/DUTS/DUTS-TR/', pipeline=salient_pipeline),
    )
)
# Photos kept aside. Masks are scored where true masks are known.
val_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file='kept_aside.json',
        data_prefix=dict(img='images/'),
        with_mask=False,
    )
)
test_dataloader = val_dataloader
val_evaluator = dict(type='BoxFitMetric', truth=data_root + 'kept_aside.json')
test_evaluator = val_evaluator

train_cfg = dict(max_iters=max_iters, val_interval=max_iters // 10)
# An average over about the last fifty iterations, so that short trainings
# forget the initial weights.
custom_hooks = [dict(_base_.custom_hooks[0], momentum=0.02)]
# The default model's SGD learns less in short trainings (docs/train_your_own.md).
optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='AdamW', lr=1e-3, weight_decay=1e-2),
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.3))),
)
param_scheduler = dict(end=max_iters)
default_hooks = dict(checkpoint=dict(interval=max_iters // 10))
