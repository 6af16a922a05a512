# As in the authors' release, the weights of the heads' convolutions start with a
# standard deviation of 0.001.
_base_ = '../mobilenetv2_coco-mini.py'
model = dict(
    weak_head=dict(init_cfg=dict(type='Normal', layer='Conv2d', std=0.001)),
    salient_head=dict(init_cfg=dict(type='Normal', layer='Conv2d', std=0.001)),
)
