# Table 5, "RS": random sampling from the union of both sets.
_base_ = '../hrnet_w48_coco.py'
train_dataloader = dict(
    sampler=dict(_delete_=True, type='InfiniteSampler', shuffle=True)
)
