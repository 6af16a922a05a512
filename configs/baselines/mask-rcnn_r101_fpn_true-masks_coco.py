# The oracle: Mask R-CNN on the true masks of COCO 2017. Everything but the masks
# is as in Proxy Mask R-CNN.
_base_ = '../proxy_mask_rcnn/mask-rcnn_r101_fpn_coco.py'

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='mmboxcaseg.COCOInstanceDataset',
        data_root=_base_.data_root,
        ann_file='annotations/instances_train2017.json',
        data_prefix=dict(img='train2017/'),
        filter_cfg=dict(filter_empty_gt=True, min_size=32),
        # Without it, no mask is ignored.
        pipeline=[
            step
            for step in _base_.train_dataloader.dataset.pipeline
            if step['type'] != 'mmboxcaseg.MarkIgnoredMasks'
        ],
    )
)
