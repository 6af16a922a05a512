# ShapeProp+S, our reading of the paper's Table 1 (docs/baselines.md): ShapeProp
# (Zhou et al., CVPR 2020) on the data of BBTP+S.
_base_ = './bbtp-s_r101_fpn_coco.py'

layers = dict(
    num_convs=4,
    in_channels=256,
    conv_out_channels=256,
    num_classes=80,
    num_extra_classes=1,
)
model = dict(
    roi_head=dict(
        type='mmboxcaseg.ShapePropRoIHead',
        shape_head=dict(type='mmboxcaseg.ShapePropHead', **layers),
        mask_head=dict(_delete_=True, type='mmboxcaseg.ShapePropMaskHead', **layers),
    )
)
