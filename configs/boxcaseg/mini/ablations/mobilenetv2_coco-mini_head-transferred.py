# Masks of the transferred head only; training is the same.
_base_ = '../mobilenetv2_coco-mini.py'
model = dict(test_cfg=dict(head='transferred'))
