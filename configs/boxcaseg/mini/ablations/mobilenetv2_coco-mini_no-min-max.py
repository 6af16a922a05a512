# Probabilities are compared with the threshold as they are.
_base_ = '../mobilenetv2_coco-mini.py'
model = dict(test_cfg=dict(min_max=False))
