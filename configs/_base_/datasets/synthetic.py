# The generated data set of tools/misc/make_synthetic_dataset.py, patches of
# 96 px.
_base_ = './joint_patches.py'
quickstart = '{{$MMBOXCASEG_QUICKSTART:work_dirs/quickstart}}/'
data_root = quickstart + 'data/'
train_dataloader = dict(
    num_workers=1,
    dataset=dict(
        box=dict(
            data_root=data_root + 'coco/',
            ann_file='annotations/instances_train.json',
            data_prefix=dict(img='train/'),
            pipeline=[
                dict(type='LoadImageFromFile'),
                dict(type='RandomBoxPatch', size=96, shift=0.25, scale=(0.5, 1.5)),
                dict(type='RandomFlip', prob=0.5),
                dict(type='PackPatch'),
            ],
        ),
        salient=dict(
            data_root=data_root + 'duts/',
            data_prefix=dict(img='DUTS-TR-Image/', mask='DUTS-TR-Mask/'),
            single_object=dict(connectivity=4),
            pipeline=[
                dict(type='LoadImageFromFile'),
                dict(type='LoadSalientMask'),
                # Crops, not whole images as in the paper: these images are few
                # and small, so the network should see salient objects the way
                # it sees boxes.
                dict(type='RandomObjectPatch', size=96, shift=0.25, scale=(0.5, 1.5)),
                dict(type='RandomFlip', prob=0.5),
                dict(type='PackPatch'),
            ],
        ),
    ),
)
val_dataloader = dict(
    num_workers=1,
    dataset=dict(
        data_root=data_root + 'coco/',
        ann_file='annotations/instances_val.json',
        data_prefix=dict(img='val/'),
        pipeline=[
            dict(type='LoadImageFromFile'),
            # A multiple of 32, so that the maps of all strides cover the same
            # area. With other sizes masks lose 2 to 3 points of IoU.
            dict(type='CropBoxes', size=96),
            dict(type='PackBoxPrompts'),
        ],
    ),
)
test_dataloader = val_dataloader
