# Mask R-CNN on filled boxes: all pixels of a box belong to the object.
_base_ = './mask-rcnn_mobilenetv2_fpn_true-masks_coco-mini.py'

train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='LoadImageFromFile', backend_args=None),
            dict(type='mmboxcaseg.UprightPhoto'),
            dict(type='LoadAnnotations', with_bbox=True),
            dict(type='mmboxcaseg.BoxesAsMasks'),
            # The steps after loading the true masks.
            *_base_.train_dataloader.dataset.pipeline[3:],
        ]
    )
)
