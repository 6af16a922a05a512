# All masks are learnt from, weighted by their confidence; no threshold.
_base_ = '../mask-rcnn_r101_fpn_coco.py'
train_dataloader = dict(dataset=dict(agreement_thr=0.0, mask_weight='confidence'))
