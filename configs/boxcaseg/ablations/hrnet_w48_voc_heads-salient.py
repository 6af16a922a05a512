# Table 4: only the salient head. Batches still have box patches, but nothing is
# learnt from them.
_base_ = '../hrnet_w48_voc.py'
model = dict(weak_head=None, transferred_head=None)
