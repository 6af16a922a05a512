# Proxy Mask R-CNN on COCO (the paper, Table 2), on mmdet's 1x schedule: 16
# images a batch, 2 on each of 8 GPUs.
#
# The threshold of agreement is train_dataloader.dataset.agreement_thr.
_base_ = [
    'mmdet::_base_/models/mask-rcnn_r50_fpn.py',
    '../_base_/datasets/coco_proxy_instance.py',
    'mmdet::_base_/schedules/schedule_1x.py',
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
    backbone=dict(
        depth=101,
        init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet101'),
    ),
    roi_head=dict(mask_head=dict(type='mmboxcaseg.ProxyFCNMaskHead')),
)

default_hooks = dict(classes=dict(type='mmboxcaseg.ClassesHook'))
