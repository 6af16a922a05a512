# Table 7: proxy masks before merging, none ignored.
# tools/make_proxy_masks.py --no-merge makes them.
_base_ = '../mask-rcnn_r101_fpn_coco.py'
train_dataloader = dict(
    dataset=dict(
        agreement_thr=0.0, ann_file='annotations/proxy_masks_train2017_unmerged.json'
    )
)
