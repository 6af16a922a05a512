# The small model of the package, trained further on your boxes only. `boxcaseg
# train` runs this config if no salient images are given. The salient head is not
# trained, so its weights stay.
_base_ = './mobilenetv2_own.py'
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
