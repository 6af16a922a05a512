# Stage 1 of tools/quickstart.sh: from scratch on generated data.
_base_ = [
    '../../_base_/models/boxcaseg_resnet18_narrow.py',
    '../../_base_/datasets/synthetic.py',
    '../../_base_/schedules/sgd_poly_42k.py',
    '../../_base_/default_runtime.py',
]
max_iters = 800
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='AdamW', lr=2e-3, weight_decay=1e-2)
)
param_scheduler = dict(end=max_iters)
default_hooks = dict(checkpoint=dict(interval=max_iters))
randomness = dict(seed=0)
