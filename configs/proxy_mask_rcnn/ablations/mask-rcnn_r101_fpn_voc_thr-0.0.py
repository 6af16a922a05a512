# Table 7: merged proxy masks, none ignored.
_base_ = '../mask-rcnn_r101_fpn_voc.py'
train_dataloader = dict(dataset=dict(agreement_thr=0.0))
