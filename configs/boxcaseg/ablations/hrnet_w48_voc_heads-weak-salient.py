# Table 4: the weak and the salient head; alpha is 1 in effect.
_base_ = '../hrnet_w48_voc.py'
model = dict(transferred_head=None)
