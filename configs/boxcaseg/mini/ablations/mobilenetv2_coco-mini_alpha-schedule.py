# More and more of the pixel loss falls on the salient head, and the fusion
# consists of little else.
_base_ = '../mobilenetv2_coco-mini.py'
model = dict(alpha=0.9)
custom_hooks = [dict(type='AlphaScheduleHook', start=0.5)]
