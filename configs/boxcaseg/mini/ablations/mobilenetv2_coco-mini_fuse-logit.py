# Logits of the heads are fused in place of probabilities.
_base_ = '../mobilenetv2_coco-mini.py'
model = dict(fuse='logit')
