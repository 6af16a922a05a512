# Mask R-CNN on filled boxes: every pixel of a box is object.
_base_ = './mask-rcnn_r101_fpn_true-masks_voc.py'

train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='LoadImageFromFile', backend_args=None),
            dict(type='mmboxcaseg.UprightPhoto'),
            dict(type='LoadAnnotations', with_bbox=True),
            dict(type='mmboxcaseg.BoxesAsMasks'),
            # What follows the loading of the true masks.
            *_base_.train_dataloader.dataset.pipeline[3:],
        ]
    )
)
