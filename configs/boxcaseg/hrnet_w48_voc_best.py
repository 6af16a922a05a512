# The changes of hrnet_w48_coco_best.py on VOC.
_base_ = './hrnet_w48_voc.py'
model = dict(
    loss_color=dict(type='ColorPairsLoss', loss_weight=0.3),
    test_cfg=dict(
        head=['weak', 'salient'],
        flip=True,
        min_threshold=0.3,
        merge_exponent=0.1,
        merge_tolerance=1.3,
    ),
)
train_dataloader = dict(dataset=dict(salient=dict(pipeline=_base_.object_pipeline)))
