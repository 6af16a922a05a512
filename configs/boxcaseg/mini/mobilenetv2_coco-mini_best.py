# The paper's recipe with salient images cropped around their object in the
# same way as box images around their box, so that the pixel heads learn from
# patches like those that they will see.
_base_ = './mobilenetv2_coco-mini.py'
size = 160
train_dataloader = dict(
    dataset=dict(
        salient=dict(pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadSalientMask'),
            dict(
                type='RandomObjectPatch',
                size=size,
                shift=0.25,
                scale=(0.5, 1.5)),
            dict(type='RandomFlip', prob=0.5),
            dict(type='mmseg.PackSegInputs', meta_keys=_base_.patch_meta_keys),
        ])))
