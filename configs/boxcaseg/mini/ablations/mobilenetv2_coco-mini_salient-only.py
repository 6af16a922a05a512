# Only salient patches and the salient head, without boxes.
_base_ = '../mobilenetv2_coco-mini.py'
model = dict(weak_head=None, transferred_head=None)
train_dataloader = dict(
    sampler=dict(_delete_=True, type='InfiniteSampler', shuffle=True),
    dataset=dict(box=None),
)
