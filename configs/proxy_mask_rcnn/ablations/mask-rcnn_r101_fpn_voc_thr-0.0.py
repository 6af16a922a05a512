# Table 7: merged proxy masks, none dropped.
_base_ = '../mask-rcnn_r101_fpn_voc.py'
train_dataloader = dict(dataset=dict(agreement_thr=0.0))
