# A few hundred photos of COCO 2017 and 2,000 of DUTS-TR, patches of 160 px;
# tools/dataset_converters/prepare_mini.py selects them from the full sets.
_base_ = './joint_patches.py'
data_root = '{{$MMBOXCASEG_DATA:data}}/'
train_dataloader = dict(
    num_workers=2,
    dataset=dict(
        box=dict(
            data_root=data_root + 'coco_mini/',
            ann_file='annotations/instances_train2017.json',
            data_prefix=dict(img='train2017/'),
            pipeline=[
                dict(type='LoadImageFromFile'),
                dict(type='RandomBoxPatch', size=160, shift=0.25, scale=(0.5, 1.5)),
                dict(type='RandomFlip', prob=0.5),
                dict(type='PackPatch'),
            ],
        ),
        salient=dict(
            data_root=data_root + 'duts_tr_mini/',
            data_prefix=dict(img='DUTS-TR-Image/', mask='DUTS-TR-Mask/'),
            single_object=dict(connectivity=4),
            pipeline=[
                dict(type='LoadImageFromFile'),
                dict(type='LoadSalientMask'),
                dict(type='Resize', scale=(178, 178), keep_ratio=False),
                dict(type='mmseg.RandomCrop', crop_size=160),
                dict(type='RandomFlip', prob=0.5),
                dict(type='PackPatch'),
            ],
        ),
    ),
)
val_dataloader = dict(
    num_workers=2,
    dataset=dict(
        data_root=data_root + 'coco_mini/',
        ann_file='annotations/instances_val2017.json',
        data_prefix=dict(img='val2017/'),
        pipeline=[
            dict(type='LoadImageFromFile'),
            # A multiple of 32, so that the maps of all strides cover the same
            # area. With other sizes masks lose 2 to 3 points of IoU.
            dict(type='CropBoxes', size=160),
            dict(type='PackBoxPrompts'),
        ],
    ),
)
test_dataloader = val_dataloader
