# Mask R-CNN, R-50-FPN, on your masks, from ImageNet weights, for one GPU.
# `boxcaseg detector --size r50` runs this config and fills in paths, classes and
# the number of iterations.
_base_ = '../mask-rcnn_r50_fpn_voc.py'
data_root = 'data/mine/'
metainfo = dict(classes=('object',))
num_classes = 1
max_iters = 22500

model = dict(
    roi_head=dict(
        bbox_head=dict(num_classes=num_classes), mask_head=dict(num_classes=num_classes)
    )
)
train_dataloader = dict(
    batch_size=6,
    dataset=dict(
        data_root=data_root,
        metainfo=metainfo,
        ann_file='masks.json',
        data_prefix=dict(img='images/'),
        # For masks of the small model, confidence separates the good ones better.
        agreement_thr=0.0,
        confidence_thr=0.5,
    ),
)
# Boxes of photos kept aside. Their masks are not true ones.
val_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        metainfo=metainfo,
        ann_file='kept_aside.json',
        data_prefix=dict(img='images/'),
    )
)
test_dataloader = val_dataloader
val_evaluator = [
    dict(
        type='mmboxcaseg.COCOInstanceMetric',
        ann_file=data_root + 'kept_aside.json',
        metric='bbox',
    )
]
test_evaluator = val_evaluator
