# BoxCaseg on a ResNet-18 of a third of the usual width, to be trained from
# scratch in a few minutes on a CPU.
_base_ = './boxcaseg_hrnet_w48.py'
# Few iterations: the statistics must follow faster than HRNet's.
norm_cfg = dict(type='BN', momentum=0.1, requires_grad=True)
base_channels = 24
head_cfg = dict(in_channels=15 * base_channels, norm_cfg=norm_cfg)
model = dict(
    channels_last=True,
    backbone=dict(
        _delete_=True,
        type='mmseg.ResNet',
        depth=18,
        stem_channels=base_channels,
        base_channels=base_channels,
        out_indices=(0, 1, 2, 3),
        norm_cfg=norm_cfg,
    ),
    weak_head=head_cfg,
    salient_head=head_cfg,
    transferred_head=head_cfg,
)
