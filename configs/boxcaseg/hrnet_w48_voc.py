# BoxCaseg on VOC's boxes and DUTS-TR. 2 GPUs with 16 samples each.
_base_ = [
    '../_base_/models/boxcaseg_hrnet_w48.py',
    '../_base_/datasets/voc_duts.py',
    '../_base_/schedules/sgd_poly_42k.py',
    '../_base_/default_runtime.py',
]
