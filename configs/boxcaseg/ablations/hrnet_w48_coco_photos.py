# Each photo of a batch gives two boxes and is decoded once, for machines where
# reading is slower than training. The patches of a batch are less independent
# than in the paper.
_base_ = '../hrnet_w48_coco.py'
train_dataloader = dict(
    sampler=dict(type='PhotoMultiSourceSampler', boxes_per_photo=2),
    dataset=dict(
        box=dict(
            pipeline=[
                dict(
                    _base_.train_dataloader.dataset.box.pipeline[1], type='LoadBoxPatch'
                ),
                *_base_.train_dataloader.dataset.box.pipeline[2:],
            ]
        )
    ),
)
