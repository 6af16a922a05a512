# Pipelines and loaders that all data sets of stage 1 share. The files that
# inherit from this one set the paths of the data and the mixture of batches.
box_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='RandomBoxPatch', size=288, shift=0.25, scale=(0.5, 1.5)),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackPatch'),
]
salient_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadSalientMask'),
    dict(type='Resize', scale=(320, 320), keep_ratio=False),
    dict(type='mmseg.RandomCrop', crop_size=288),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackPatch'),
]
# Salient images cropped around their object, as box images are cropped around
# their box. Not in the paper.
object_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadSalientMask'),
    dict(type='RandomObjectPatch', size=288, shift=0.25, scale=(0.5, 1.5)),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackPatch'),
]
prompt_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='CropBoxes', size=320),
    dict(type='PackBoxPrompts'),
]
train_dataloader = dict(
    batch_size=16,
    num_workers=8,
    persistent_workers=True,
    collate_fn=dict(type='pseudo_collate'),
    # source_ratio is r_ws of the paper, the ratio of box to salient images.
    sampler=dict(type='mmdet.MultiSourceSampler', batch_size=16, source_ratio=[9, 7]),
    dataset=dict(
        type='JointPatchDataset',
        box=dict(type='BoxPatchDataset', pipeline=box_pipeline),
        salient=dict(type='SalientObjectDataset', pipeline=salient_pipeline),
    ),
)
val_dataloader = dict(
    batch_size=4,
    num_workers=4,
    persistent_workers=True,
    collate_fn=dict(type='pseudo_collate'),
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type='BoxPromptDataset',
        with_mask=True,
        test_mode=True,
        pipeline=prompt_pipeline,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='InstanceIoUMetric')
test_evaluator = val_evaluator
