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
model = _base_.best_model
