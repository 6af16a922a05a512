# Prediction with the authors' weights for VOC, converted by
# tools/model_converters/boxcaseg_release.py.
_base_ = [
    '../_base_/models/boxcaseg_hrnet_w48_release.py',
    '../_base_/datasets/voc_duts.py',
    '../_base_/schedules/sgd_poly_42k.py',
    '../_base_/default_runtime.py',
]
model = dict(alpha=0.7)
