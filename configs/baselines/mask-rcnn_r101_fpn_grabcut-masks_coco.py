# Mask R-CNN on masks that GrabCut makes from the boxes. Like proxy masks, they are
# merged, and ignored below a threshold of agreement.
# tools/analysis_tools/baseline_masks.py grabcut makes the annotation file.
_base_ = '../proxy_mask_rcnn/mask-rcnn_r101_fpn_coco.py'

train_dataloader = dict(
    dataset=dict(ann_file='annotations/grabcut_masks_train2017.json')
)
