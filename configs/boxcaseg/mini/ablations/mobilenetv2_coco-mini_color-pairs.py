# The pairwise term of BoxInst, on neighbours of similar colours, in addition.
_base_ = '../mobilenetv2_coco-mini.py'
model = dict(loss_color=dict(type='ColorPairsLoss', loss_weight=0.3))
