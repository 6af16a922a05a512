# Only box patches and the weak head, without salient images.
_base_ = '../mobilenetv2_coco-mini.py'
model = dict(salient_head=None, transferred_head=None)
train_dataloader = dict(
    sampler=dict(_delete_=True, type='InfiniteSampler', shuffle=True),
    dataset=dict(salient=None),
)
