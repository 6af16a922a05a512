# The oracle: Mask R-CNN on the true masks of VOC 2012 and SBD. Everything but the
# masks is as in Proxy Mask R-CNN.
_base_ = '../proxy_mask_rcnn/mask-rcnn_r101_fpn_voc.py'

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='mmboxcaseg.COCOInstanceDataset',
        data_root=_base_.data_root,
        metainfo=_base_.metainfo,
        ann_file='annotations/instances_train_aug.json',
        data_prefix=dict(img='JPEGImages/'),
        filter_cfg=dict(filter_empty_gt=True, min_size=32),
        # Without it, no mask is ignored.
        pipeline=[
            step
            for step in _base_.train_dataloader.dataset.pipeline
            if step['type'] != 'mmboxcaseg.MarkIgnoredMasks'
        ],
    )
)
