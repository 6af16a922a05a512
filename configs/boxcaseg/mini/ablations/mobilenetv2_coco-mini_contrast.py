# As in the authors' release, only salient images are divided by the standard
# deviation, so they have four times the contrast of box images.
_base_ = '../mobilenetv2_coco-mini.py'
model = dict(
    data_preprocessor=dict(std=[255, 255, 255], mask_std=[58.395, 57.12, 57.375])
)
