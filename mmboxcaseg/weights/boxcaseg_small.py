custom_imports = dict(
    allow_failed_imports=False,
    imports=[
        'mmboxcaseg.models',
        'mmboxcaseg.datasets',
        'mmboxcaseg.evaluation',
        'mmboxcaseg.engine',
    ],
)
default_hooks = dict(
    logger=dict(interval=50, log_metric_by_epoch=False, type='LoggerHook'),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    timer=dict(type='IterTimerHook'),
)
default_scope = 'mmboxcaseg'
env_cfg = dict(
    cudnn_benchmark=True,
    dist_cfg=dict(backend='nccl'),
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
)
log_level = 'INFO'
model = dict(
    alpha=0.7,
    backbone=dict(
        norm_cfg=dict(momentum=0.01, requires_grad=True, type='BN'),
        out_indices=(
            1,
            2,
            4,
            6,
        ),
        type='mmseg.MobileNetV2',
    ),
    channels_last=True,
    data_preprocessor=dict(
        bgr_to_rgb=True,
        mean=[
            123.675,
            116.28,
            103.53,
        ],
        std=[
            58.395,
            57.12,
            57.375,
        ],
        type='BoxCasegDataPreprocessor',
    ),
    fuse='prob',
    salient_head=dict(
        channels=128,
        in_channels=472,
        norm_cfg=dict(momentum=0.01, requires_grad=True, type='BN'),
        type='SegmentationHead',
    ),
    test_cfg=dict(
        crops_per_batch=32,
        flip=True,
        head=[
            'weak',
            'salient',
        ],
        merge_exponent=0.1,
        merge_tolerance=1.3,
        min_threshold=0.3,
    ),
    transferred_head=None,
    type='BoxCaseg',
    weak_head=dict(
        channels=128,
        in_channels=472,
        norm_cfg=dict(momentum=0.01, requires_grad=True, type='BN'),
        type='SegmentationHead',
    ),
)
test_cfg = dict(type='TestLoop')
test_dataloader = dict(
    batch_size=4,
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(
        ann_file='',
        data_prefix=dict(img=''),
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(size=160, type='CropBoxes'),
            dict(type='PackBoxPrompts'),
        ],
        test_mode=True,
        type='BoxPromptDataset',
    ),
    num_workers=2,
    persistent_workers=True,
    sampler=dict(round_up=False, shuffle=False, type='DefaultSampler'),
)
