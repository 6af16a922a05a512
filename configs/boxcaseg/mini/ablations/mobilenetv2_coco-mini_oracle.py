# The upper bound: box images have their true masks too, so every patch is
# supervised by a mask.
_base_ = '../mobilenetv2_coco-mini.py'
train_dataloader = dict(dataset=dict(box=dict(with_mask=True)))
