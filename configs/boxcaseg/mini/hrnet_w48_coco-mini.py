# The mini data at the paper's size, for one GPU: HRNetV2-W48, patches of
# 288 px, crops of 320 px at prediction. MMBOXCASEG_DATA names the folder of
# the data sets.
_base_ = '../hrnet_w48_coco.py'
data_root = '{{$MMBOXCASEG_DATA:data}}/'
max_iters = 4000
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
param_scheduler = dict(end=max_iters)
train_dataloader = dict(
    dataset=dict(
        box=dict(data_root=data_root + 'coco_mini/'),
        salient=dict(data_root=data_root + 'duts_tr_mini/'),
    )
)
val_dataloader = dict(dataset=dict(data_root=data_root + 'coco_mini/'))
test_dataloader = val_dataloader
