# The first round of the model that ships with the package: the best recipe, trained
# for longer with averaged weights.
_base_ = './mobilenetv2_coco-mini_best.py'
max_iters = 1600
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
custom_hooks = [dict(type='EMAHook', momentum=0.01, update_buffers=True)]
param_scheduler = dict(end=max_iters)
default_hooks = dict(checkpoint=dict(interval=400, max_keep_ckpts=1))
randomness = dict(seed=0)
