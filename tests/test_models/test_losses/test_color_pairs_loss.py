"""The weak head's loss that is not in the paper."""

import cv2
import numpy as np
import pytest
import tiny
import torch

from mmboxcaseg.models.losses import color_pairs_loss, rgb_to_lab
from mmboxcaseg.registry import MODELS


def test_lab_is_that_of_opencv():
    rgb = np.random.default_rng(0).integers(0, 256, (8, 9, 3))
    rgb[0, :3] = [[0, 0, 0], [255, 255, 255], [5, 5, 5]]
    expected = cv2.cvtColor((rgb / 255).astype(np.float32), cv2.COLOR_RGB2LAB)
    lab = rgb_to_lab(torch.from_numpy(rgb).permute(2, 0, 1)[None])
    # OpenCV interpolates in tables.
    np.testing.assert_allclose(lab[0].permute(1, 2, 0), expected, atol=0.5)


def slow_color_pairs(logits, label, rgb, stride, step, thr):
    """Every pixel with every neighbour, in both directions."""
    found = []
    for one_logits, one_label, one_rgb in zip(logits, label, rgb):
        rows = np.flatnonzero(one_label.any(axis=1))
        columns = np.flatnonzero(one_label.any(axis=0))
        box = np.zeros_like(one_logits)
        box[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = 1

        def pooled(values):
            height, width = (side // stride for side in values.shape)
            return values.reshape(height, stride, width, stride).mean(axis=(1, 3))

        scores, inside = pooled(one_logits), pooled(box) >= 0.5
        lab = cv2.cvtColor(
            np.stack([pooled(band) for band in one_rgb], -1).astype(np.float32) / 255,
            cv2.COLOR_RGB2LAB,
        )
        probs = 1 / (1 + np.exp(-scores))
        height, width = scores.shape
        for y in range(height):
            for x in range(width):
                for dy in (-step, 0, step):
                    for dx in (-step, 0, step):
                        v, u = y + dy, x + dx
                        if (dy, dx) == (0, 0) or not (
                            0 <= v < height and 0 <= u < width
                        ):
                            continue
                        far = np.linalg.norm(lab[y, x] - lab[v, u])
                        if (inside[y, x] or inside[v, u]) and np.exp(-far / 2) >= thr:
                            p, q = probs[y, x], probs[v, u]
                            found.append(-np.log(p * q + (1 - p) * (1 - q)))
    return np.mean(found), len(found)


@pytest.mark.parametrize('stride, step', [(1, 1), (2, 2), (4, 1)])
def test_color_pairs_are_those_of_a_slow_loop(stride, step):
    rng = np.random.default_rng(2)
    logits = rng.normal(size=(2, 16, 24))
    label = np.zeros((2, 16, 24), np.uint8)
    label[0, 4:11, 6:9] = label[1, 2, 3] = label[1, 12, 17] = 1
    # A few shades, so that some pairs are similar and others not.
    rgb = rng.choice([100, 102, 106, 160], (2, 1, 16, 24)).repeat(3, axis=1)
    expected, count = slow_color_pairs(logits, label, rgb, stride, step, 0.3)
    assert count > 50
    loss = color_pairs_loss(
        *map(torch.from_numpy, (logits, label, rgb)), stride, step, 0.3
    )
    assert loss.item() == pytest.approx(expected, rel=1e-4)


def test_no_pair_is_no_loss_but_a_graph():
    logits = torch.zeros(1, 8, 8, requires_grad=True)
    rgb = torch.zeros(1, 3, 8, 8)
    loss = color_pairs_loss(logits, torch.zeros(1, 8, 8), rgb)
    loss.backward()
    assert loss == 0 and not logits.grad.any()


def test_model_trains_with_it():
    net = tiny.model(
        loss_color=dict(type='mmboxcaseg.ColorPairsLoss', stride=1, similarity_thr=0.01)
    )
    patches = torch.randint(0, 256, (3, 3, 32, 32), dtype=torch.uint8)
    data = dict(
        inputs=list(patches), data_samples=tiny.patches(['box', 'mask', 'box'])[1]
    )
    batch = net.data_preprocessor(data, training=True)
    rgb = net.data_preprocessor.to_rgb(batch['inputs'], batch['data_samples'])
    # Patches come in as BGR.
    assert torch.allclose(rgb, patches.flip(1).float(), atol=1e-3)
    losses = net.loss(**batch)
    assert set(losses) == {'loss_mil', 'loss_smooth', 'loss_color', 'loss_pixel'}
    sum(losses.values()).backward()
    assert net.weak_head.conv.weight.grad.abs().sum() > 0
    assert MODELS.build(dict(type='ColorPairsLoss')).loss_weight == 1
