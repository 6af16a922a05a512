# Crops with a margin of a quarter of the box's sides in prediction, and patches of
# the same extent in training.
_base_ = '../mobilenetv2_coco-mini.py'
train_dataloader = dict(
    dataset=dict(
        box=dict(
            pipeline=[
                _base_.train_dataloader.dataset.box.pipeline[0],
                dict(
                    _base_.train_dataloader.dataset.box.pipeline[1], scale=(0.75, 2.0)
                ),
                *_base_.train_dataloader.dataset.box.pipeline[2:],
            ]
        )
    )
)
val_dataloader = dict(
    dataset=dict(
        pipeline=[
            _base_.val_dataloader.dataset.pipeline[0],
            dict(_base_.val_dataloader.dataset.pipeline[1], margins=(0.25,)),
            _base_.val_dataloader.dataset.pipeline[2],
        ]
    )
)
test_dataloader = val_dataloader
