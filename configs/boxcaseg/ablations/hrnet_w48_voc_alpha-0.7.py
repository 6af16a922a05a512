# Table 6: the alpha of the base config, for bases with another alpha.
_base_ = '../hrnet_w48_voc.py'
model = dict(alpha=0.7)
