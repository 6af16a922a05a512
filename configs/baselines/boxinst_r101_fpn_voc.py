# MMDetection's BoxInst (Tian et al., CVPR 2021) with the data and the schedule of
# the other baselines.
_base_ = ['../_base_/models/boxinst_r101_fpn.py', './bbtp_r101_fpn_voc.py']

boxinst = _base_.boxinst
model = dict(
    _delete_=True,
    **dict(
        boxinst,
        # The pairwise loss reaches its full weight after a ninth of the
        # iterations, as in MMDetection's schedule.
        mask_head=dict(boxinst.mask_head, warmup_iters=2500),
    ),
)
# MMDetection's learning rate, 0.01 for 16 images, scaled to 6 images.
optim_wrapper = dict(optimizer=dict(lr=0.00375))
