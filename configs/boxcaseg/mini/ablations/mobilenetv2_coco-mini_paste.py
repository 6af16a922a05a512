# Objects of other salient images pasted over and behind each salient object,
# before it is cropped; on top of `object-crops`.
_base_ = './mobilenetv2_coco-mini_object-crops.py'
salient = _base_.train_dataloader.dataset.salient
train_dataloader = dict(
    dataset=dict(
        salient=dict(
            _delete_=True,
            type='mmseg.MultiImageMixDataset',
            dataset=dict(salient, pipeline=salient.pipeline[:2]),
            pipeline=[dict(type='PasteSalientObjects'), *salient.pipeline[2:]],
        )
    )
)
