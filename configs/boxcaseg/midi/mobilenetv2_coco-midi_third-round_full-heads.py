# The third round with the second round's heads, which have 472 hidden channels.
_base_ = './mobilenetv2_coco-midi_third-round.py'
model = dict(weak_head=dict(channels=None), salient_head=dict(channels=None))
