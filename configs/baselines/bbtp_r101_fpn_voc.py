# BBTP (Hsu et al., NeurIPS 2019): Mask R-CNN whose mask head learns from boxes
# by multiple-instance learning. No masks are loaded.
_base_ = './mask-rcnn_r101_fpn_true-masks_voc.py'

model = dict(roi_head=dict(mask_head=dict(type='mmboxcaseg.BBTPMaskHead')))
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='LoadImageFromFile', backend_args=None),
            dict(type='mmboxcaseg.UprightPhoto'),
            dict(type='LoadAnnotations', with_bbox=True),
            # The steps after loading the true masks.
            *_base_.train_dataloader.dataset.pipeline[3:],
        ]
    )
)
