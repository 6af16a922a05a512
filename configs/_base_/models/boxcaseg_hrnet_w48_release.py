# The network as the authors' released weights need it at prediction: they
# average logits, and subtract a mean from RGB in [0, 1] without dividing by a
# standard deviation.
_base_ = './boxcaseg_hrnet_w48.py'
model = dict(
    data_preprocessor=dict(mean=[102.9801, 115.9465, 122.7717], std=[255, 255, 255]),
    fuse='logit',
)
