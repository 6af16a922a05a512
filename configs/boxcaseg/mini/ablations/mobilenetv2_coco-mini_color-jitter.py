# Patches of both sources with random brightness, contrast, saturation and hue.
_base_ = '../mobilenetv2_coco-mini.py'
train_dataloader = dict(
    dataset=dict(
        box=dict(
            pipeline=[
                *_base_.train_dataloader.dataset.box.pipeline[:-1],
                dict(type='mmseg.PhotoMetricDistortion'),
                _base_.train_dataloader.dataset.box.pipeline[-1],
            ]
        ),
        salient=dict(
            pipeline=[
                *_base_.train_dataloader.dataset.salient.pipeline[:-1],
                dict(type='mmseg.PhotoMetricDistortion'),
                _base_.train_dataloader.dataset.salient.pipeline[-1],
            ]
        ),
    )
)
