# Table 8: the threshold of the base config, for bases with another threshold.
_base_ = '../mask-rcnn_r101_fpn_coco.py'
train_dataloader = dict(dataset=dict(agreement_thr=0.95))
