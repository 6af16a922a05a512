# Masks are ignored by their confidence in place of their agreement.
_base_ = '../mask-rcnn_r101_fpn_coco.py'
train_dataloader = dict(dataset=dict(agreement_thr=0.0, confidence_thr=0.5))
