# Table 6: the base's own, for a base of another alpha.
_base_ = '../hrnet_w48_voc.py'
model = dict(alpha=0.7)
