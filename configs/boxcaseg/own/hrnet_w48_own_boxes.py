# HRNetV2-W48 on your boxes only, from an earlier training. `boxcaseg train --size
# hrnet --from DIR` runs this config if no salient images are given. The salient
# head is not trained, so its weights stay.
_base_ = './hrnet_w48_own.py'
batch_size = 12
train_dataloader = dict(
    batch_size=batch_size,
    sampler=dict(batch_size=batch_size, source_ratio=[batch_size]),
    dataset=dict(salient=None),
)
custom_hooks = [
    *_base_.custom_hooks,
    dict(type='FreezeHook', trained=['backbone', 'weak_head']),
]
