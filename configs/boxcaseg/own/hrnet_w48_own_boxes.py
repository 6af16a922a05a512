# HRNetV2-W48 on boxes of one's own alone, from an earlier training: what
# `boxcaseg train --size hrnet --from DIR` runs where no salient images are
# given. The salient head keeps what it knows, since it is not trained.
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
