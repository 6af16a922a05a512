# Prediction with the authors' weights for COCO, converted by
# tools/model_converters/boxcaseg_release.py.
_base_ = [
    '../_base_/models/boxcaseg_hrnet_w48_release.py',
    '../_base_/datasets/coco_duts.py',
    '../_base_/schedules/sgd_poly_28k.py',
    '../_base_/default_runtime.py',
]
model = dict(alpha=0.6)
