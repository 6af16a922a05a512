# Proxy Mask R-CNN small enough for two CPU cores: about 20 minutes of
# training. MMBOXCASEG_MOBILENETV2 is the path of the ImageNet weights of
# MobileNetV2 by mmseg's names, made by
# tools/model_converters/torchvision_mobilenet_v2.py.
_base_ = [
    'mmdet::_base_/models/mask-rcnn_r50_fpn.py',
    '../../_base_/datasets/coco_mini_proxy_instance.py',
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

mobilenetv2 = '{{$MMBOXCASEG_MOBILENETV2:work_dirs/mini/mobilenet_v2.pth}}'
max_iters = 1500
channels = 64
norm_cfg = dict(type='BN', momentum=0.1, requires_grad=True)
# RoIAlign with a number of samples that depends on the RoI's size would take a
# quarter of the time of a step.
roi_extractor = dict(
    out_channels=channels, featmap_strides=[8, 16, 32], roi_layer=dict(sampling_ratio=2)
)
model = dict(
    backbone=dict(
        _delete_=True,
        # mmseg's backbone, so that it can start from the same file as BoxCaseg.
        type='mmseg.MobileNetV2',
        # Strides 8, 16 and 32. Stride 4 would take two thirds of the time of a step.
        out_indices=(2, 4, 6),
        # Batches of four images are too small for their own statistics.
        norm_eval=True,
        frozen_stages=3,
        init_cfg=dict(type='Pretrained', checkpoint=mobilenetv2),
    ),
    neck=dict(
        in_channels=[32, 96, 320], out_channels=channels, num_outs=4, norm_cfg=norm_cfg
    ),
    rpn_head=dict(
        in_channels=channels,
        feat_channels=channels,
        # The anchors were made for images more than twice as large.
        anchor_generator=dict(scales=[3, 4.5], strides=[8, 16, 32, 64]),
    ),
    roi_head=dict(
        bbox_roi_extractor=roi_extractor,
        # Convolutions with normalisation learn in fewer steps than only two
        # fully connected layers, and a class-agnostic box has more examples
        # than a box for each class.
        bbox_head=dict(
            type='ConvFCBBoxHead',
            num_shared_convs=2,
            num_shared_fcs=1,
            in_channels=channels,
            conv_out_channels=channels,
            fc_out_channels=256,
            norm_cfg=norm_cfg,
            num_classes=20,
            reg_class_agnostic=True,
        ),
        mask_roi_extractor=roi_extractor,
        mask_head=dict(
            type='mmboxcaseg.ProxyFCNMaskHead',
            num_convs=2,
            in_channels=channels,
            conv_out_channels=channels,
            num_classes=20,
        ),
    ),
    train_cfg=dict(
        rpn_proposal=dict(nms_pre=500, max_per_img=300),
        # There are few boxes and few iterations, so half of the samples are positive.
        rcnn=dict(sampler=dict(num=32, pos_fraction=0.5)),
    ),
    test_cfg=dict(rpn=dict(nms_pre=500, max_per_img=300)),
)

train_cfg = dict(type='IterBasedTrainLoop', max_iters=max_iters, val_interval=max_iters)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=0.001, weight_decay=0.05),
    paramwise_cfg=dict(
        norm_decay_mult=0.0,
        bias_decay_mult=0.0,
        # A few hundred images must not overwrite the weights learnt on ImageNet.
        custom_keys=dict(backbone=dict(lr_mult=0.1)),
    ),
    clip_grad=dict(max_norm=10.0),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', by_epoch=False, begin=100, end=max_iters, eta_min=0),
]

default_hooks = dict(
    logger=dict(interval=20),
    checkpoint=dict(by_epoch=False, interval=500, max_keep_ckpts=2),
    classes=dict(type='mmboxcaseg.ClassesHook'),
)
log_processor = dict(by_epoch=False)
