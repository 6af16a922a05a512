# Objects of other salient images pasted over and behind each salient object,
# before it is cropped; on top of `object-crops`.
_base_ = './mobilenetv2_coco-mini_object-crops.py'
train_dataloader = dict(
    dataset=dict(
        salient=dict(
            pipeline=[
                *_base_.train_dataloader.dataset.salient.pipeline[:2],
                dict(
                    type='PasteSalientObjects',
                    load=_base_.train_dataloader.dataset.salient.pipeline[:2],
                ),
                *_base_.train_dataloader.dataset.salient.pipeline[2:],
            ]
        )
    )
)
