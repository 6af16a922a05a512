# Boxes of COCO train2017 (118,287 images, 860,001 instances), single objects
# of DUTS-TR.
_base_ = './duts.py'
train_dataloader = dict(
    # The best ratio of Table 5.
    sampler=dict(source_ratio=[9, 7]),
    dataset=dict(
        box=dict(
            data_root='data/coco/',
            ann_file='annotations/instances_train2017.json',
            data_prefix=dict(img='train2017/'),
        )
    ),
)
val_dataloader = dict(
    dataset=dict(
        data_root='data/coco/',
        ann_file='annotations/instances_val2017.json',
        data_prefix=dict(img='val2017/'),
    )
)
test_dataloader = val_dataloader
