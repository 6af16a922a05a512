# AdamW in place of SGD.
_base_ = '../mobilenetv2_coco-mini.py'
optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='AdamW', lr=1e-3, weight_decay=1e-2),
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.3))),
)
