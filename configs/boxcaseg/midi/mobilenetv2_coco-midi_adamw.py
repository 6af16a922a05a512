# The best recipe with AdamW, averaged weights, and salient objects pasted over
# and behind each other.
_base_ = './mobilenetv2_coco-midi_best.py'
max_iters = 3200
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
train_dataloader = dict(
    dataset=dict(
        salient=dict(
            pipeline=[
                *_base_.train_dataloader.dataset.salient.pipeline[:2],
                dict(
                    type='PasteSalientObjects',
                    load=_base_.train_dataloader.dataset.salient.pipeline[:2],
                ),
                *_base_.train_dataloader.dataset.salient.pipeline[2:],
            ]
        )
    )
)
optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='AdamW', lr=1e-3, weight_decay=1e-2),
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.3))),
)
param_scheduler = dict(end=max_iters)
custom_hooks = [dict(type='EMAHook', momentum=0.01, update_buffers=True)]
default_hooks = dict(checkpoint=dict(interval=400))
randomness = dict(seed=0)
