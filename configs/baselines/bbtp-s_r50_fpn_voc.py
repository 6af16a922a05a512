# BBTP+S on ResNet-50, as in the first half of the paper's Table 1.
_base_ = './bbtp-s_r101_fpn_voc.py'

model = dict(
    backbone=dict(
        depth=50, init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet50')
    )
)
