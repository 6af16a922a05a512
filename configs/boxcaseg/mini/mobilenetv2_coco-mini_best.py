# The paper's recipe with salient images cropped around their object.
_base_ = './ablations/mobilenetv2_coco-mini_object-crops.py'
