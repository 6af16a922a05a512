# A positive bag is only the part of its line inside the box.
_base_ = '../mobilenetv2_coco-mini.py'
model = dict(loss_mil=dict(bag_extent='box'))
