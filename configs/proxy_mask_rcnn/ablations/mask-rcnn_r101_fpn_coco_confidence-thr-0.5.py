# Masks are ignored by their confidence and not by their agreement.
_base_ = '../mask-rcnn_r101_fpn_coco.py'
train_dataloader = dict(dataset=dict(agreement_thr=0.0, confidence_thr=0.5))
