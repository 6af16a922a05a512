# Crops with a margin of a tenth of the box's sides in prediction.
_base_ = '../mobilenetv2_coco-mini.py'
val_dataloader = dict(
    dataset=dict(
        pipeline=[
            _base_.val_dataloader.dataset.pipeline[0],
            dict(_base_.val_dataloader.dataset.pipeline[1], margins=(0.1,)),
            _base_.val_dataloader.dataset.pipeline[2],
        ]
    )
)
test_dataloader = val_dataloader
