# The paper's recipe with salient images cropped around their object and a
# pairwise term on neighbours of similar colours, and masks of the weak and the
# salient head, averaged with those of the mirror image, whose threshold goes
# down until they reach their boxes.
_base_ = './ablations/mobilenetv2_coco-mini_object-crops.py'
model = dict(
    loss_color=dict(type='ColorPairsLoss', loss_weight=0.3),
    test_cfg=dict(
        head=['weak', 'salient'], flip=True, min_threshold=0.3, merge_exponent=0.15
    ),
)
