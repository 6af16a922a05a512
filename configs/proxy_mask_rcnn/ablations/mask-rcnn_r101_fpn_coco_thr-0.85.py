# Table 8.
_base_ = '../mask-rcnn_r101_fpn_coco.py'
train_dataloader = dict(dataset=dict(agreement_thr=0.85))
