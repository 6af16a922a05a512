# Tables 7 and 8: merged proxy masks, none ignored.
_base_ = '../mask-rcnn_r101_fpn_coco.py'
train_dataloader = dict(dataset=dict(agreement_thr=0.0))
