# Table 4: the weak and the transferred head; alpha is 0 in effect.
_base_ = '../hrnet_w48_voc.py'
model = dict(salient_head=None)
