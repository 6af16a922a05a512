# The sampling of the authors' training on COCO, which the paper does not mention:
# in each epoch, a box that overlaps another box of its image with an IoU above
# 0.5 is left out with probability 0.75.
_base_ = '../hrnet_w48_coco.py'
train_dataloader = dict(
    sampler=dict(type='OverlapMultiSourceSampler', iou_thr=0.5, drop_prob=0.75)
)
