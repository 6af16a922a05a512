# Weights averaged over about the last hundred iterations; what is tested and
# saved is the average.
_base_ = '../mobilenetv2_coco-mini.py'
custom_hooks = [dict(type='EMAHook', momentum=0.01, update_buffers=True)]
