# VOC 2012 with SBD's images: training on proxy masks, validation on the true
# masks of VOC's segmentation val.
_base_ = './coco_proxy_instance.py'

data_root = 'data/voc/'
ann_file_val = data_root + 'annotations/instances_val.json'
metainfo = dict(
    classes=(
        'aeroplane',
        'bicycle',
        'bird',
        'boat',
        'bottle',
        'bus',
        'car',
        'cat',
        'chair',
        'cow',
        'diningtable',
        'dog',
        'horse',
        'motorbike',
        'person',
        'pottedplant',
        'sheep',
        'sofa',
        'train',
        'tvmonitor',
    )
)

train_dataloader = dict(
    # The schedules for this data count iterations.
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        data_root=data_root,
        metainfo=metainfo,
        ann_file='annotations/proxy_masks_train_aug.json',
        data_prefix=dict(img='JPEGImages/'),
    ),
)
val_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        metainfo=metainfo,
        ann_file='annotations/instances_val.json',
        data_prefix=dict(img='JPEGImages/'),
    )
)
test_dataloader = val_dataloader

# COCO's average precision, and VOC's, which the paper reports.
val_evaluator = [
    dict(_base_.val_evaluator, ann_file=ann_file_val),
    dict(type='mmboxcaseg.VOCInstanceMetric', ann_file=ann_file_val),
]
test_evaluator = val_evaluator
