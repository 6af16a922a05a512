# The paper's recipe with four changes, which were chosen on the mini data
# (mini/mobilenetv2_coco-mini_best.py). In training, salient images are cropped
# around their object, and there is a pairwise loss on neighbours of similar
# colours. In prediction, probabilities are averaged over the weak and the
# salient head and over the mirror image, and the threshold of a mask is lowered
# until it reaches its box. After a full schedule, the paper's
# `model.test_cfg.head='fused'` is worth a try.
_base_ = './hrnet_w48_coco.py'
model = _base_.best_model
train_dataloader = dict(dataset=dict(salient=dict(pipeline=_base_.object_pipeline)))
