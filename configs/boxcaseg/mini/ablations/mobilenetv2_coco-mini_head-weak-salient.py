# Probabilities averaged over the weak and the salient head.
_base_ = '../mobilenetv2_coco-mini.py'
model = dict(test_cfg=dict(head=['weak', 'salient']))
