# BoxInst small enough for two CPU cores.
_base_ = [
    '../../_base_/models/boxinst_r101_fpn.py',
    './bbtp_mobilenetv2_fpn_coco-mini.py',
]

channels = _base_.channels
boxinst = _base_.boxinst
model = dict(
    _delete_=True,
    **dict(
        boxinst,
        data_preprocessor=dict(
            boxinst.data_preprocessor,
            # The value for images three times as high.
            bottom_pixels_removed=3,
        ),
        backbone=_base_.model.backbone,
        neck=dict(
            boxinst.neck,
            in_channels=_base_.model.neck.in_channels,
            out_channels=channels,
            # The first map of the backbone already has stride 8.
            start_level=0,
            norm_cfg=_base_.norm_cfg,
        ),
        bbox_head=dict(
            boxinst.bbox_head,
            in_channels=channels,
            feat_channels=channels,
            stacked_convs=2,
            # The ranges were made for images more than twice as large.
            regress_ranges=[[-1, 32], [32, 64], [64, 128], [128, 256], [256, 1e8]],
        ),
        mask_head=dict(
            boxinst.mask_head,
            # The pairwise loss reaches its full weight after a ninth of the
            # iterations, as in MMDetection's schedule.
            warmup_iters=_base_.max_iters // 9,
            mask_feature_head=dict(
                boxinst.mask_head.mask_feature_head,
                in_channels=channels,
                feat_channels=channels,
                num_stacked_convs=2,
            ),
        ),
    ),
)
