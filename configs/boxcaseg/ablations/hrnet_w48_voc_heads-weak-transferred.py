# Table 4: the weak and the transferred head, as if alpha were 0.
_base_ = '../hrnet_w48_voc.py'
model = dict(salient_head=None)
