# HRNetV2-W48 at 288 px on your boxes and on salient images, from ImageNet
# weights, for one GPU. `boxcaseg train --size hrnet` runs this config and fills
# in paths and the number of iterations.
_base_ = '../hrnet_w48_coco_best.py'
data_root = 'data/mine/'
max_iters = 4000

# Masks come from the weak and the salient head.
model = dict(transferred_head=None)

box_pipeline = [
    dict(_base_.train_dataloader.dataset.box.pipeline[1], type='LoadBoxPatch'),
    *_base_.train_dataloader.dataset.box.pipeline[2:],
]
train_dataloader = dict(
    dataset=dict(
        box=dict(
            data_root=data_root,
            ann_file='train.json',
            data_prefix=dict(img='images/'),
            pipeline=box_pipeline,
        ),
        salient=dict(
            pipeline=[
                *_base_.object_pipeline[:-1],
                dict(type='RandomLook'),
                _base_.object_pipeline[-1],
            ]
        ),
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
param_scheduler = dict(end=max_iters)
custom_hooks = [dict(type='EMAHook', momentum=0.01, update_buffers=True)]
default_hooks = dict(checkpoint=dict(interval=max_iters // 10, max_keep_ckpts=1))
randomness = dict(seed=0)
