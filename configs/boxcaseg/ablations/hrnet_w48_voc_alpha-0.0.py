# Table 6.
_base_ = '../hrnet_w48_voc.py'
model = dict(alpha=0.0)
