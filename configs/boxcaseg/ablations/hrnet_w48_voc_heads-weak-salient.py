# Table 4: the weak and the salient head, as if alpha were 1.
_base_ = '../hrnet_w48_voc.py'
model = dict(transferred_head=None)
