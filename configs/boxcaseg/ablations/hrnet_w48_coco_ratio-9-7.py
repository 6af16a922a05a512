# Table 5: the ratio of the base config, for bases with another ratio.
_base_ = '../hrnet_w48_coco.py'
train_dataloader = dict(sampler=dict(source_ratio=[9, 7]))
