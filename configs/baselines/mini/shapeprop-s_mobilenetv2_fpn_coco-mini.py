# ShapeProp+S, small enough for two CPU cores. shapeprop-s_r101_fpn_voc.py
# describes it.
_base_ = './bbtp-s_mobilenetv2_fpn_coco-mini.py'

# As many channels as the mask heads of the other mini configs.
layers = dict(
    num_convs=2,
    in_channels=_base_.channels,
    conv_out_channels=_base_.channels,
    num_classes=20,
    num_extra_classes=1,
)
model = dict(
    roi_head=dict(
        type='mmboxcaseg.ShapePropRoIHead',
        shape_head=dict(type='mmboxcaseg.ShapePropHead', **layers),
        mask_head=dict(_delete_=True, type='mmboxcaseg.ShapePropMaskHead', **layers),
    )
)
