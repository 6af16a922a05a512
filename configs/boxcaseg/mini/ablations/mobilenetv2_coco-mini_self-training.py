# A second training on the proxy masks of the first: the two thirds with the
# highest confidence are used as masks, the other objects as boxes.
# tools/make_proxy_masks.py makes the masks; MMBOXCASEG_WORK names their folder.
_base_ = '../mobilenetv2_coco-mini.py'
train_dataloader = dict(
    dataset=dict(
        box=dict(
            data_root='',
            ann_file='{{$MMBOXCASEG_WORK:work_dirs}}/mini/merged.json',
            data_prefix=dict(img='{{$MMBOXCASEG_DATA:data}}/coco_mini/train2017/'),
            with_mask=True,
            min_confidence=0.5,
        )
    )
)
