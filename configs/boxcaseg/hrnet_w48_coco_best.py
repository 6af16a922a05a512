# The paper's recipe with salient images cropped around their object and a
# pairwise term on neighbours of similar colours, and masks of the weak and the
# salient head, averaged with those of the mirror image, whose threshold goes
# down until they reach their boxes: as in mini/mobilenetv2_coco-mini_best.py,
# where this was chosen. After a whole schedule `model.test_cfg.head='fused'`,
# the paper's, is worth a try.
_base_ = './hrnet_w48_coco.py'
model = dict(
    loss_color=dict(type='ColorPairsLoss', loss_weight=0.3),
    test_cfg=dict(
        head=['weak', 'salient'], flip=True, min_threshold=0.3, merge_exponent=0.15
    ),
)
train_dataloader = dict(dataset=dict(salient=dict(pipeline=_base_.object_pipeline)))
