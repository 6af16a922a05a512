# The recipe of mini/mobilenetv2_coco-mini_best.py on the midi data: salient
# images cropped around their object, and a pairwise loss on neighbours of
# similar colours.
_base_ = './mobilenetv2_coco-midi.py'
train_dataloader = dict(
    dataset=dict(
        salient=dict(
            pipeline=[
                *_base_.train_dataloader.dataset.salient.pipeline[:2],
                dict(
                    _base_.train_dataloader.dataset.box.pipeline[1],
                    type='RandomObjectPatch',
                ),
                *_base_.train_dataloader.dataset.salient.pipeline[-2:],
            ]
        )
    )
)
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
