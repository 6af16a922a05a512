# A second round on the proxy masks of the first, whose boxes stay
# box-supervised where mask and box agree less. The masks are made by
# tools/make_proxy_masks.py; MMBOXCASEG_WORK names their folder.
_base_ = '../mobilenetv2_coco-mini.py'
train_dataloader = dict(
    dataset=dict(
        box=dict(
            data_root='',
            ann_file='{{$MMBOXCASEG_WORK:work_dirs}}/mini/merged.json',
            data_prefix=dict(img='{{$MMBOXCASEG_DATA:data}}/coco_mini/'
                             'train2017/'),
            with_mask=True,
            min_agreement=0.85)))
