# Only the mask head of a trained detector is trained, from scratch, in minutes.
# Masks affect nothing but the mask loss, so models that share the other weights
# differ only by the masks that they learnt from. MMBOXCASEG_DETECTOR names a
# checkpoint of mask-rcnn_mobilenetv2_fpn_coco-mini.py, trained on any masks.
_base_ = './mask-rcnn_mobilenetv2_fpn_coco-mini.py'

detector = '{{$MMBOXCASEG_DETECTOR:work_dirs/mini/mask_rcnn/iter_1500.pth}}'
max_iters = 400


def part(name):
    return dict(type='Pretrained', checkpoint=detector, prefix=name + '.')


model = dict(
    backbone=dict(init_cfg=part('backbone')),
    neck=dict(init_cfg=part('neck')),
    rpn_head=dict(init_cfg=part('rpn_head')),
    roi_head=dict(bbox_head=dict(init_cfg=part('roi_head.bbox_head'))),
)
custom_hooks = [dict(type='mmboxcaseg.FreezeHook', trained='roi_head.mask_head')]

train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
warm_up, decay = _base_.param_scheduler
param_scheduler = [dict(warm_up, end=50), dict(decay, begin=50, end=max_iters)]
default_hooks = dict(checkpoint=dict(interval=max_iters))
