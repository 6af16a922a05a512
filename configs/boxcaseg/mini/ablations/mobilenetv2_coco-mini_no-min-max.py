# Probabilities are not min-max normalised before the threshold.
_base_ = '../mobilenetv2_coco-mini.py'
model = dict(test_cfg=dict(min_max=False))
