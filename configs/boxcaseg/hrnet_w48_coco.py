# BoxCaseg on COCO's boxes and DUTS-TR. 2 GPUs with 16 samples each.
_base_ = [
    '../_base_/models/boxcaseg_hrnet_w48.py',
    '../_base_/datasets/coco_duts.py',
    '../_base_/schedules/sgd_poly_28k.py',
    '../_base_/default_runtime.py',
]
