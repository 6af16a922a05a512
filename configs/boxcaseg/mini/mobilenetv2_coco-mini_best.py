# The paper's recipe with four changes. In training, salient images are cropped
# around their object, and there is a pairwise loss on neighbours of similar
# colours. In prediction, probabilities are averaged over the weak and the
# salient head and over the mirror image, and the threshold of a mask is lowered
# until it reaches its box.
_base_ = './ablations/mobilenetv2_coco-mini_object-crops.py'
model = _base_.best_model
