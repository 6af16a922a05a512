# The paper's recipe with salient images cropped around their object, by the
# keys of mini/mobilenetv2_coco-mini_best.py.
_base_ = './hrnet_w48_voc.py'
train_dataloader = dict(
    dataset=dict(
        salient=dict(pipeline=[
            *_base_.train_dataloader.dataset.salient.pipeline[:2],
            dict(
                _base_.train_dataloader.dataset.box.pipeline[1],
                type='RandomObjectPatch'),
            *_base_.train_dataloader.dataset.salient.pipeline[-2:],
        ])))
