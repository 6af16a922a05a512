import numpy as np
import pytest
import slow
import torch
from mmdet.registry import MODELS as MMDET_MODELS
from mmdet.structures import DetDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.config import Config, ConfigDict
from mmengine.structures import InstanceData

pytest.importorskip('mmcv._ext', reason="Mask R-CNN needs mmcv's compiled operators")
from mmboxcaseg.models import (
    BBTPMaskHead,  # noqa: E402
    boxes_on_rois,  # noqa: E402
)

# A RoI with the box inside, one the box leaves on the right and above, one
# equal to its box, one that its box covers.
ROIS = [
    [10.0, 20.0, 40.0, 60.0],
    [0.0, 10.0, 50.0, 30.0],
    [5.0, 5.0, 25.0, 45.0],
    [30.0, 30.0, 37.0, 44.0],
]
BOXES = [
    [16.0, 26.0, 33.0, 51.0],
    [22.0, 2.0, 70.0, 26.0],
    [5.0, 5.0, 25.0, 45.0],
    [0.0, 0.0, 90.0, 90.0],
]
LABELS = [2, 0, 1, 1]


def drawn(roi, box, height, width):
    """A box on a RoI's cells, cell by cell."""
    patch = np.zeros((height, width))
    for row in range(height):
        for column in range(width):
            x = roi[0] + (column + 0.5) * (roi[2] - roi[0]) / width
            y = roi[1] + (row + 0.5) * (roi[3] - roi[1]) / height
            patch[row, column] = box[0] <= x < box[2] and box[1] <= y < box[3]
    return patch


def head(**kwargs):
    return BBTPMaskHead(
        num_convs=1, in_channels=4, conv_out_channels=4, num_classes=3, **kwargs
    )


def results(*ranges):
    """Sampling results of images with the RoIs of the ranges."""
    return [
        InstanceData(
            pos_priors=torch.tensor(ROIS[part]).reshape(-1, 4),
            pos_gt_bboxes=torch.tensor(BOXES[part]).reshape(-1, 4),
            pos_gt_labels=torch.tensor(LABELS[part], dtype=torch.long),
        )
        for part in ranges
    ]


@pytest.mark.parametrize('size', [(7, 7), (28, 28), (6, 9)])
def test_boxes_on_rois(size):
    expected = [drawn(roi, box, *size) for roi, box in zip(ROIS, BOXES)]
    assert (
        boxes_on_rois(torch.tensor(ROIS), torch.tensor(BOXES), size).tolist()
        == np.array(expected).tolist()
    )
    # The first box leaves a margin on all sides, the last none.
    assert expected[0].any() and not expected[0][0].any()
    assert expected[3].all()


@pytest.mark.parametrize(
    'extent, agnostic', [('box', False), ('line', False), ('box', True)]
)
def test_losses_against_loops(extent, agnostic):
    net = head(
        class_agnostic=agnostic,
        loss_mil=dict(type='mmboxcaseg.MILLoss', bag_extent=extent),
    )
    preds = torch.randn(4, 1 if agnostic else 3, 8, 8, requires_grad=True)
    out = net.loss_and_target(preds, results(slice(0, 3), slice(3, 4)), None, None)
    channels = [0] * 4 if agnostic else LABELS
    logits = preds.detach().double().numpy()[range(4), channels]
    labels = np.array([drawn(roi, box, 8, 8) for roi, box in zip(ROIS, BOXES)])
    assert (out['mask_targets'].numpy() == labels).all()
    mil, mil_grad = slow.mil(logits, labels, extent, 'mean')
    smooth, smooth_grad = slow.smoothness(logits)
    losses = out['loss_mask']
    assert set(losses) == {'loss_mask_mil', 'loss_mask_smooth'}
    assert losses['loss_mask_mil'].item() == pytest.approx(mil, rel=1e-5)
    assert losses['loss_mask_smooth'].item() == pytest.approx(0.05 * smooth, rel=1e-5)
    sum(losses.values()).backward()
    grad = np.zeros(preds.shape)
    grad[range(4), channels] = mil_grad + 0.05 * smooth_grad
    np.testing.assert_allclose(preds.grad.numpy(), grad, atol=1e-6)


def instances(*weights):
    """Ground truth of images whose masks are discs of random places."""
    yy, xx = np.mgrid[:90, :90]
    rng = np.random.default_rng(0)
    return [
        InstanceData(
            masks=BitmapMasks(
                np.array(
                    [
                        (xx - x) ** 2 + (yy - y) ** 2 < 400
                        for x, y in rng.uniform(10, 60, (len(of_image), 2))
                    ],
                    np.uint8,
                ).reshape(-1, 90, 90),
                90,
                90,
            ),
            mask_weights=torch.tensor(of_image),
        )
        for of_image in weights
    ]


@pytest.mark.parametrize(
    'weights', [[[1.0, 0, 0], [1.0]], [[0.0, 0, 0], [0.0]], [[1.0, 1, 1], [1.0]]]
)
def test_valid_masks_beside_boxes(weights):
    """BBTP+S: pixels where a mask is valid, smoothness where none is, bags of
    all."""
    net = head(with_masks=True)
    preds = torch.randn(4, 3, 8, 8, requires_grad=True)
    sampled = results(slice(0, 3), slice(3, 4))
    for one in sampled:
        one.pos_assigned_gt_inds = torch.arange(len(one))
    truth = instances(*weights)
    out = net.loss_and_target(preds, sampled, truth, ConfigDict(mask_size=8))
    losses = out['loss_mask']
    logits = preds.detach().double().numpy()[range(4), LABELS]
    labels = np.array([drawn(roi, box, 8, 8) for roi, box in zip(ROIS, BOXES)])
    mil, mil_grad = slow.mil(logits, labels, 'box', 'mean')
    grad = np.zeros(preds.shape)
    grad[range(4), LABELS] += mil_grad
    assert losses['loss_mask_mil'].item() == pytest.approx(mil, rel=1e-5)

    valid = [weight > 0 for of_image in weights for weight in of_image]
    boxed = [place for place in range(4) if not valid[place]]
    smooth = 0.0
    if boxed:
        smooth, smooth_grad = slow.smoothness(logits[boxed])
        grad[boxed, [LABELS[place] for place in boxed]] += 0.05 * smooth_grad
    assert losses['loss_mask_smooth'].item() == pytest.approx(0.05 * smooth, rel=1e-5)

    pixels, count = 0.0, 64 * sum(valid)
    for place in range(4):
        if valid[place]:
            image, own = (0, place) if place < 3 else (1, 0)
            target = (
                truth[image]
                .masks.crop_and_resize(np.array([ROIS[place]]), (8, 8), np.array([own]))
                .masks[0]
            )
            for y, x in np.ndindex(8, 8):
                score = slow.sigmoid(logits[place][y, x])
                pixels -= np.log(score if target[y, x] else 1 - score)
                grad[place, LABELS[place], y, x] += (score - target[y, x]) / count
    expected = pixels / count if count else 0
    assert losses['loss_mask'].item() == pytest.approx(expected, rel=1e-5)
    sum(losses.values()).backward()
    np.testing.assert_allclose(preds.grad.numpy(), grad, atol=1e-6)


def test_extra_class_has_a_channel():
    net = head(num_extra_classes=1)
    assert net.num_classes == 4
    assert net(torch.randn(2, 4, 7, 7)).shape == (2, 4, 14, 14)


def test_bags_end_at_the_box_unless_asked():
    assert head().loss_mil.bag_extent == 'box'
    assert head().loss_smooth.loss_weight == 0.05


def test_no_positives():
    preds = torch.randn(0, 3, 8, 8, requires_grad=True)
    out = head().loss_and_target(preds, results(slice(0, 0)), None, None)
    assert out['mask_targets'].shape == (0, 8, 8)
    total = sum(out['loss_mask'].values())
    assert total.item() == 0
    total.backward()
    assert preds.grad.shape == preds.shape


def test_a_detector_trains_on_boxes_without_masks(repo_root):
    cfg = Config.fromfile(
        repo_root / 'configs/baselines/mini/bbtp_mobilenetv2_fpn_coco-mini.py'
    )
    cfg.model.backbone.init_cfg = None
    model = MMDET_MODELS.build(cfg.model).train()
    sample = DetDataSample(
        metainfo=dict(img_shape=(64, 64), ori_shape=(64, 64), img_id=0)
    )
    sample.gt_instances = InstanceData(
        bboxes=torch.tensor([[8.0, 8.0, 40.0, 56.0]]), labels=torch.tensor([4])
    )
    sample.ignored_instances = InstanceData(bboxes=torch.zeros(0, 4))
    data = model.data_preprocessor(
        dict(
            inputs=[torch.randint(256, (3, 64, 64), dtype=torch.uint8)],
            data_samples=[sample],
        ),
        training=True,
    )
    losses = model(**data, mode='loss')
    assert 'masks' not in sample.gt_instances
    assert losses['loss_mask_mil'] > 0
    (losses['loss_mask_mil'] + losses['loss_mask_smooth']).backward()
    grad = model.roi_head.mask_head.conv_logits.weight.grad
    # Only the channel of the object's class learns.
    assert [i for i in range(20) if grad[i].abs().sum() > 0] == [4]
