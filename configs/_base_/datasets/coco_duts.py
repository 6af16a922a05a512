# Boxes of COCO train2017 (118,287 images, 860,001 instances), single objects
# of DUTS-TR.
_base_ = './joint_patches.py'
train_dataloader = dict(
    # Table 5's best.
    sampler=dict(source_ratio=[9, 7]),
    dataset=dict(
        box=dict(
            data_root='data/coco/',
            ann_file='annotations/instances_train2017.json',
            data_prefix=dict(img='train2017/')),
        salient=dict(
            data_root='data/DUTS/DUTS-TR/',
            data_prefix=dict(img='DUTS-TR-Image/', mask='DUTS-TR-Mask/'),
            # As for VOC: 8,721 images, where the paper has 7,991.
            single_object=dict(connectivity=4))))
val_dataloader = dict(
    dataset=dict(
        data_root='data/coco/',
        ann_file='annotations/instances_val2017.json',
        data_prefix=dict(img='val2017/')))
test_dataloader = val_dataloader
