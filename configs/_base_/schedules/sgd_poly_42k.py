# VOC: 40 epochs over 25,815 boxes and 7,991 salient images, in batches of 32
# (16 on each of 2 GPUs), are about 42,250 iterations.
max_iters = 42250
train_cfg = dict(type='IterBasedTrainLoop', max_iters=max_iters, val_interval=max_iters)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=4e-3, momentum=0.9, weight_decay=1e-4),
)
param_scheduler = dict(
    type='PolyLR', power=0.9, eta_min=0, end=max_iters, by_epoch=False
)
# The learning rate is for 2 GPUs with 16 samples each. `--auto-scale-lr` scales it
# with the number of samples of a step.
auto_scale_lr = dict(enable=False, base_batch_size=32)
