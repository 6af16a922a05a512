# Boxes of VOC 2012 train_aug (10,582 images, 25,815 instances), single
# objects of DUTS-TR.
_base_ = './duts.py'
train_dataloader = dict(
    # The paper gives no ratio for VOC; 12:4 is close to that of the sets' sizes.
    sampler=dict(source_ratio=[12, 4]),
    dataset=dict(
        box=dict(
            data_root='data/voc/',
            ann_file='annotations/instances_train_aug.json',
            data_prefix=dict(img='JPEGImages/'),
        )
    ),
)
val_dataloader = dict(
    dataset=dict(
        data_root='data/voc/',
        ann_file='annotations/instances_val.json',
        data_prefix=dict(img='JPEGImages/'),
    )
)
test_dataloader = val_dataloader
