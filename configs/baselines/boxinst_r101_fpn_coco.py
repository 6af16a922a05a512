# MMDetection's BoxInst (Tian et al., CVPR 2021) with the data and the schedule of
# the other baselines.
_base_ = ['../_base_/models/boxinst_r101_fpn.py', './bbtp_r101_fpn_coco.py']

boxinst = _base_.boxinst
model = dict(
    _delete_=True, **dict(boxinst, bbox_head=dict(boxinst.bbox_head, num_classes=80))
)
# MMDetection's learning rate for 16 images.
optim_wrapper = dict(optimizer=dict(lr=0.01))
