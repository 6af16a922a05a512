# 2,871 photos of COCO 2017 with 27,170 boxes and all of DUTS-TR, patches of
# 160 px. Scored on the 206 photos of the mini data, which are not among them.
# tools/dataset_converters/prepare_mini.py --midi selects the photos from COCO.
_base_ = './coco_mini_duts_mini.py'
data_root = '{{$MMBOXCASEG_DATA:data}}/'
train_dataloader = dict(
    dataset=dict(
        box=dict(
            data_root=data_root + 'coco_midi/',
            ann_file='annotations/instances.json',
            data_prefix=dict(img='images/'),
        ),
        salient=dict(data_root=data_root + 'DUTS/DUTS-TR/'),
    )
)
