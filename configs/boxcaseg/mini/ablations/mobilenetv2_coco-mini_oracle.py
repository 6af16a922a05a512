# The upper bound: true masks of the box images too, so that every patch is
# mask-supervised.
_base_ = '../mobilenetv2_coco-mini.py'
train_dataloader = dict(dataset=dict(box=dict(with_mask=True)))
