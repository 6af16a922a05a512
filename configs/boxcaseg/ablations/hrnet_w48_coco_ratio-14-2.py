# Table 5.
_base_ = '../hrnet_w48_coco.py'
train_dataloader = dict(sampler=dict(source_ratio=[14, 2]))
