# The same with the other boxes of the photo in two further channels: where
# smaller and where larger boxes are. On salient patches these are the boxes of pasted
# objects.
_base_ = './mobilenetv2_coco-midi_third-round_full-heads.py'
box = _base_.train_dataloader.dataset.box.pipeline
salient = _base_.train_dataloader.dataset.salient.pipeline
load, crop, pack = _base_.val_dataloader.dataset.pipeline
model = dict(other_boxes=True)
train_dataloader = dict(
    dataset=dict(
        box=dict(
            with_other_boxes=True,
            pipeline=[box[0], dict(box[1], other_boxes=True), *box[2:]],
        ),
        salient=dict(
            pipeline=[*salient[:3], dict(salient[3], other_boxes=True), *salient[4:]]
        ),
    )
)
val_dataloader = dict(dataset=dict(pipeline=[load, dict(crop, other_boxes=True), pack]))
test_dataloader = val_dataloader
