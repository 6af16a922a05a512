# The network for predicting with the authors' released weights: logits are
# averaged, and a mean is subtracted from RGB in [0, 1], which is not divided by
# a standard deviation.
_base_ = './boxcaseg_hrnet_w48.py'
model = dict(
    data_preprocessor=dict(mean=[102.9801, 115.9465, 122.7717], std=[255, 255, 255]),
    fuse='logit',
)
