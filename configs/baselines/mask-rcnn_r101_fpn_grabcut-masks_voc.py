# Mask R-CNN on masks that GrabCut makes of the boxes, merged and ignored below
# a threshold of agreement as proxy masks are.
# tools/analysis_tools/baseline_masks.py grabcut makes the annotation file.
_base_ = '../proxy_mask_rcnn/mask-rcnn_r101_fpn_voc.py'

train_dataloader = dict(
    dataset=dict(ann_file='annotations/grabcut_masks_train_aug.json')
)
