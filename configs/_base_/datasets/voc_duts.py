# Boxes of VOC 2012 train_aug (10,582 images, 25,815 instances), single
# objects of DUTS-TR.
_base_ = './joint_patches.py'
train_dataloader = dict(
    # The paper gives no ratio for VOC; 12:4 is close to the sets' own.
    sampler=dict(source_ratio=[12, 4]),
    dataset=dict(
        box=dict(
            data_root='data/voc/',
            ann_file='annotations/instances_train_aug.json',
            data_prefix=dict(img='JPEGImages/')),
        salient=dict(
            data_root='data/DUTS/DUTS-TR/',
            data_prefix=dict(img='DUTS-TR-Image/', mask='DUTS-TR-Mask/'),
            # The 7,991 images of the paper's DUTS-Single were picked by no
            # published rule; this one keeps 8,721 of the 10,553. A list
            # file can be given as ann_file instead.
            single_object=dict(connectivity=4))))
val_dataloader = dict(
    dataset=dict(
        data_root='data/voc/',
        ann_file='annotations/instances_val.json',
        data_prefix=dict(img='JPEGImages/')))
test_dataloader = val_dataloader
