# BoxCaseg on MobileNetV2, whose maps at strides 4, 8, 16 and 32 replace HRNet's
# four branches.
_base_ = './boxcaseg_hrnet_w48.py'
# ImageNet weights by mmseg's names, made by
# tools/model_converters/torchvision_mobilenet_v2.py.
mobilenetv2 = '{{$MMBOXCASEG_MOBILENETV2:work_dirs/mini/mobilenet_v2.pth}}'
norm_cfg = dict(type='BN', momentum=0.01, requires_grad=True)
head_cfg = dict(in_channels=24 + 32 + 96 + 320)
model = dict(
    backbone=dict(
        _delete_=True,
        type='mmseg.MobileNetV2',
        out_indices=(1, 2, 4, 6),
        norm_cfg=norm_cfg,
        init_cfg=dict(type='Pretrained', checkpoint=mobilenetv2),
    ),
    weak_head=head_cfg,
    salient_head=head_cfg,
    transferred_head=head_cfg,
)
