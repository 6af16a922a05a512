# Only the weak head.
_base_ = './mobilenetv2_coco-midi.py'
model = dict(salient_head=None, transferred_head=None)
