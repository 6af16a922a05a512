# The third round with heads of 128 hidden channels, which begin with random weights.
_base_ = './mobilenetv2_coco-midi_third-round.py'
model = dict(weak_head=dict(channels=128), salient_head=dict(channels=128))
