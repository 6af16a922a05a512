# Half of the salient images are cropped around their object, half are whole.
_base_ = '../mobilenetv2_coco-mini.py'
train_dataloader = dict(
    dataset=dict(
        salient=dict(
            pipeline=[
                *_base_.train_dataloader.dataset.salient.pipeline[:2],
                dict(
                    type='RandomChoice',
                    transforms=[
                        [
                            dict(
                                _base_.train_dataloader.dataset.box.pipeline[1],
                                type='RandomObjectPatch',
                            )
                        ],
                        _base_.train_dataloader.dataset.salient.pipeline[2:-2],
                    ],
                ),
                *_base_.train_dataloader.dataset.salient.pipeline[-2:],
            ]
        )
    )
)
