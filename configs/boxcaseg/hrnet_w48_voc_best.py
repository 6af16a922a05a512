# The changes of hrnet_w48_coco_best.py on VOC.
_base_ = './hrnet_w48_voc.py'
model = _base_.best_model
train_dataloader = dict(dataset=dict(salient=dict(pipeline=_base_.object_pipeline)))
