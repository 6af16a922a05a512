# Probabilities averaged over a crop and its mirror image.
_base_ = '../mobilenetv2_coco-mini.py'
model = dict(test_cfg=dict(flip=True))
