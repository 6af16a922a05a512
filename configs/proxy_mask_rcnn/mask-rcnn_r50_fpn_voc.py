# Proxy Mask R-CNN on VOC (the paper, Table 1). Schedule and optimiser are those of
# maskrcnn-benchmark, losses and sampling those of mmdet.
#
# A batch has 6 images: batch_size=3 on each of 2 GPUs, as in the paper. For one
# GPU add --cfg-options train_dataloader.batch_size=6, for three GPUs
# --cfg-options train_dataloader.batch_size=2.
#
# The threshold of agreement is train_dataloader.dataset.agreement_thr.
_base_ = [
    'mmdet::_base_/models/mask-rcnn_r50_fpn.py',
    '../_base_/datasets/voc_proxy_instance.py',
    'mmdet::_base_/default_runtime.py',
]
default_scope = 'mmdet'
custom_imports = dict(
    imports=[
        'mmboxcaseg.models',
        'mmboxcaseg.datasets',
        'mmboxcaseg.evaluation',
        'mmboxcaseg.engine',
    ],
    allow_failed_imports=False,
)

model = dict(
    # maskrcnn-benchmark trains neither the statistics nor the affine weights of BN.
    backbone=dict(norm_cfg=dict(type='BN', requires_grad=False)),
    roi_head=dict(
        bbox_head=dict(num_classes=20),
        mask_head=dict(type='mmboxcaseg.ProxyFCNMaskHead', num_classes=20),
    ),
)

train_dataloader = dict(batch_size=3)

train_cfg = dict(type='IterBasedTrainLoop', max_iters=22500, val_interval=22500)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.0075, momentum=0.9, weight_decay=0.0001),
    paramwise_cfg=dict(bias_lr_mult=2.0, bias_decay_mult=0.0),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=1.0 / 3, by_epoch=False, begin=0, end=500),
    dict(
        type='MultiStepLR',
        by_epoch=False,
        begin=0,
        end=22500,
        milestones=[15000],
        gamma=0.1,
    ),
]
auto_scale_lr = dict(enable=False, base_batch_size=6)

default_hooks = dict(
    checkpoint=dict(by_epoch=False, interval=2500),
    classes=dict(type='mmboxcaseg.ClassesHook'),
)
log_processor = dict(by_epoch=False)
