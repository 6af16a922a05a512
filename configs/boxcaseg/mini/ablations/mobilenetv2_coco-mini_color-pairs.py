# The pairwise loss of BoxInst, on neighbours of similar colours, is added.
_base_ = '../mobilenetv2_coco-mini.py'
model = dict(loss_color=dict(type='ColorPairsLoss', loss_weight=0.3))
