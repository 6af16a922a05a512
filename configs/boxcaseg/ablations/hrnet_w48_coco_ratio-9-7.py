# Table 5: the base's own, for a base of another ratio.
_base_ = '../hrnet_w48_coco.py'
train_dataloader = dict(sampler=dict(source_ratio=[9, 7]))
