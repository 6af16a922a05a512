# Where a mask does not reach all four sides of its box, its threshold is
# lowered until it does, at most to 0.3.
_base_ = '../mobilenetv2_coco-mini.py'
model = dict(test_cfg=dict(min_threshold=0.3))
