# BoxCaseg on HRNetV2-W48 (the paper, Sec. 3.2 and Fig. 4).
# The HRNet must be mmseg's, since its fuse layers upsample bilinearly.
norm_cfg = dict(type='BN', momentum=0.01, requires_grad=True)
head_cfg = dict(
    type='SegmentationHead', in_channels=48 + 96 + 192 + 384, norm_cfg=norm_cfg
)
# Distributed training converts it to SyncBN.
sync_bn = 'torch'
model = dict(
    type='BoxCaseg',
    # Convolutions are faster in this memory format, on a GPU and on a CPU
    # (docs/benchmark.md).
    channels_last=True,
    data_preprocessor=dict(
        type='BoxCasegDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
    ),
    backbone=dict(
        type='mmseg.HRNet',
        norm_cfg=norm_cfg,
        norm_eval=False,
        extra=dict(
            stage1=dict(
                num_modules=1,
                num_branches=1,
                block='BOTTLENECK',
                num_blocks=(4,),
                num_channels=(64,),
            ),
            stage2=dict(
                num_modules=1,
                num_branches=2,
                block='BASIC',
                num_blocks=(4, 4),
                num_channels=(48, 96),
            ),
            stage3=dict(
                num_modules=4,
                num_branches=3,
                block='BASIC',
                num_blocks=(4, 4, 4),
                num_channels=(48, 96, 192),
            ),
            stage4=dict(
                num_modules=3,
                num_branches=4,
                block='BASIC',
                num_blocks=(4, 4, 4, 4),
                num_channels=(48, 96, 192, 384),
            ),
        ),
        init_cfg=dict(type='Pretrained', checkpoint='open-mmlab://msra/hrnetv2_w48'),
    ),
    weak_head=head_cfg,
    salient_head=head_cfg,
    transferred_head=dict(
        type='TransferredHead', in_channels=48 + 96 + 192 + 384, norm_cfg=norm_cfg
    ),
    loss_mil=dict(type='MILLoss', bag_extent='line', reduction='mean'),
    loss_smooth=dict(type='PairwiseSmoothnessLoss', loss_weight=0.05),
    loss_pixel=dict(type='FusedPixelLoss'),
    alpha=0.7,
    fuse='prob',
    test_cfg=dict(crops_per_batch=32, head='fused'),
)
# The changes to the paper's recipe in the *_best.py configs, which
# hrnet_w48_coco_best.py explains.
best_model = dict(
    loss_color=dict(type='ColorPairsLoss', loss_weight=0.3),
    test_cfg=dict(
        head=['weak', 'salient'],
        flip=True,
        min_threshold=0.3,
        merge_exponent=0.1,
        merge_tolerance=1.3,
    ),
)
