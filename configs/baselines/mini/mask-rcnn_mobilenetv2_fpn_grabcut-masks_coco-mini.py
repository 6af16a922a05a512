# Mask R-CNN on masks that GrabCut makes from the boxes. Like proxy masks, they are
# merged, and ignored below a threshold of agreement.
# tools/analysis_tools/baseline_masks.py grabcut makes the annotation file.
_base_ = '../../proxy_mask_rcnn/mini/mask-rcnn_mobilenetv2_fpn_coco-mini.py'

train_dataloader = dict(
    dataset=dict(
        ann_file='{{$MMBOXCASEG_WORK:work_dirs}}/mini/grabcut_masks_train2017.json'
    )
)
