# Stage 1 of tools/quickstart.sh: the default model is trained further on the
# synthetic data.
_base_ = [
    '../../_base_/models/boxcaseg_mobilenetv2.py',
    '../../_base_/datasets/synthetic.py',
    '../../_base_/schedules/sgd_poly_42k.py',
    '../../_base_/default_runtime.py',
]
max_iters = 400
# With few iterations, the statistics must adapt fast.
norm_cfg = dict(type='BN', momentum=0.1, requires_grad=True)
head_cfg = dict(channels=128, norm_cfg=norm_cfg)
model = dict(
    # The default model has no transferred head, so that starts at random.
    init_cfg=dict(type='Pretrained', checkpoint='mmboxcaseg://boxcaseg_small'),
    backbone=dict(norm_cfg=norm_cfg, init_cfg=None),
    weak_head=head_cfg,
    salient_head=head_cfg,
    transferred_head=head_cfg,
)
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='AdamW', lr=1e-3, weight_decay=1e-2)
)
param_scheduler = dict(end=max_iters)
default_hooks = dict(checkpoint=dict(interval=max_iters))
randomness = dict(seed=0)
