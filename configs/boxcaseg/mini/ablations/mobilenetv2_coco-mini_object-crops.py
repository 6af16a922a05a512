# Salient images are cropped around their object, as box images are cropped around
# their box, so that the pixel heads learn from patches like those of prediction.
_base_ = '../mobilenetv2_coco-mini.py'
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
