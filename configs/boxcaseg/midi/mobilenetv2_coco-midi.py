# All of BoxCaseg on two CPU cores, with 9 times the boxes and 5 times the salient
# images of the mini data, and long enough to show a learning curve.
_base_ = [
    '../../_base_/models/boxcaseg_mobilenetv2.py',
    '../../_base_/datasets/coco_midi_duts.py',
    '../../_base_/schedules/sgd_poly_42k.py',
    '../../_base_/default_runtime.py',
]
max_iters = 6400
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
optim_wrapper = dict(optimizer=dict(lr=8e-3))
param_scheduler = dict(end=max_iters)
# All checkpoints are kept; each is a point of the learning curve.
default_hooks = dict(checkpoint=dict(interval=800, max_keep_ckpts=-1))
