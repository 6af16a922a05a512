# All of BoxCaseg on two CPU cores, on real photos.
_base_ = [
    '../../_base_/models/boxcaseg_mobilenetv2.py',
    '../../_base_/datasets/coco_mini_duts_mini.py',
    '../../_base_/schedules/sgd_poly_42k.py',
    '../../_base_/default_runtime.py',
]
max_iters = 800
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
optim_wrapper = dict(optimizer=dict(lr=8e-3))
param_scheduler = dict(end=max_iters)
default_hooks = dict(checkpoint=dict(interval=400))
