# Weights are averaged over about the last hundred iterations; the average is
# tested and saved.
_base_ = '../mobilenetv2_coco-mini.py'
custom_hooks = [dict(type='EMAHook', momentum=0.01, update_buffers=True)]
