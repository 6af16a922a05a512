# The oracle of the mini benchmark: Mask R-CNN on the true masks of the training
# photos.
# tools/dataset_converters/prepare_mini.py makes the annotation file.
_base_ = '../../proxy_mask_rcnn/mini/mask-rcnn_mobilenetv2_fpn_coco-mini.py'

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='mmboxcaseg.COCOInstanceDataset',
        data_root='',
        metainfo=_base_.metainfo,
        ann_file=_base_.data_root + 'annotations/instances_train2017_voc20.json',
        data_prefix=dict(img=_base_.data_root + 'train2017/'),
        filter_cfg=dict(filter_empty_gt=True, min_size=32),
        # Without it, no mask is ignored.
        pipeline=[
            step
            for step in _base_.train_dataloader.dataset.pipeline
            if step['type'] != 'mmboxcaseg.MarkIgnoredMasks'
        ],
    )
)
