# Two boxes of each photo in a batch, for which it is decoded once: for when
# reading is slower than training. Patches of a batch are less independent of
# each other than the paper's.
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
