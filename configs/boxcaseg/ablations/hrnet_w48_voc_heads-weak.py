# Table 4: only the weak head.
_base_ = '../hrnet_w48_voc.py'
model = dict(salient_head=None, transferred_head=None)
