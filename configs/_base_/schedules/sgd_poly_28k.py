# COCO: 50 epochs over the 7,991 salient images, 14 in each iteration (7 of 16 on
# each of 2 GPUs), are about 28,500 iterations.
_base_ = './sgd_poly_42k.py'
max_iters = 28500
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
param_scheduler = dict(end=max_iters)
