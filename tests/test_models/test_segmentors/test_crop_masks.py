import numpy as np
import pytest
import slow
import torch

from mmboxcaseg.masks import reaching_threshold
from mmboxcaseg.models.segmentors.crop_masks import (
    box_probs,
    instances_of,
    masks_in_rects,
    min_max_normalize,
)
from mmboxcaseg.prediction import PredictOptions


def test_min_max():
    probs = torch.tensor([[0.2, 0.3], [0.4, 0.6]])
    np.testing.assert_allclose(
        min_max_normalize(probs), [[0, 0.25], [0.5, 1]], atol=1e-6
    )


@pytest.mark.parametrize('value', [0.0, 0.4, 1.0])
def test_constant_probabilities_give_an_empty_mask(value):
    assert not min_max_normalize(torch.full((3, 3), value)).any()


def test_resized_to_rectangles():
    probs = torch.rand(4, 6, 6)
    rects = torch.tensor([[3, 2, 4, 3], [0, 0, 17, 9], [5, 5, 7, 20]])
    source = iter(probs)
    masks, confidences = masks_in_rects(source, rects)
    assert len(masks) == len(confidences) == 3
    for mask, prob, (x0, y0, x1, y1) in zip(masks, probs, rects.tolist()):
        assert mask.dtype == np.float32
        low, high = prob.min().item(), prob.max().item()
        expected = slow.resize((prob.numpy() - low) / (high - low), y1 - y0, x1 - x0)
        np.testing.assert_allclose(mask, expected, atol=1e-5)
    for confidence, prob in zip(confidences, probs.tolist()):
        # Distance from 1/2, of at most 1/2.
        distances = [abs(p - 0.5) / 0.5 for row in prob for p in row]
        assert confidence == pytest.approx(sum(distances) / 36, abs=1e-6)
    # What is not of these rectangles is left for the next image.
    assert torch.equal(next(source), probs[3])
    with pytest.raises(ValueError):
        masks_in_rects(source, rects)


def test_probabilities_as_they_are():
    probs = torch.rand(2, 6, 6) * 0.4
    rects = torch.tensor([[0, 0, 6, 6], [1, 1, 4, 5]])
    masks, _ = masks_in_rects(iter(probs), rects, min_max=False)
    np.testing.assert_allclose(masks[0], probs[0], atol=1e-6)
    np.testing.assert_allclose(masks[1], slow.resize(probs[1].numpy(), 4, 3), atol=1e-5)


def test_one_crop_of_the_box_alone_is_not_touched():
    probs = torch.rand(3, 6, 6)
    source = iter(probs)
    windows = torch.tensor([[[0, 0, 1, 1.0]]] * 2, dtype=torch.float64)
    for prob, expected in zip(box_probs(source, windows), probs):
        assert np.array_equal(prob, expected)
    assert torch.equal(next(source), probs[2])


def test_views_are_averaged_in_the_frame_of_the_box():
    # A map that rises by its coordinates, so that what stands at a place of
    # the box is known wherever the box lies in the crop.
    size = 40
    centres = (torch.arange(size) + 0.5) / size
    ramp = centres[None] * 0.6 + centres[:, None] * 0.3
    window = (0.25, 0.1, 0.75, 0.9)
    windows = torch.tensor([[(0, 0, 1, 1), window]], dtype=torch.float64)
    (prob,) = box_probs(iter([ramp, ramp]), windows)
    inside = (0.25 + 0.5 * centres)[None] * 0.6 + (0.1 + 0.8 * centres)[:, None] * 0.3
    np.testing.assert_allclose(prob, (ramp + inside) / 2, atol=1e-5)


@pytest.mark.parametrize('low', [None, 0.2])
def test_instances_by_options(low):
    probs = torch.rand(4, 6, 6) * 0.8
    rects = torch.tensor([[3, 2, 4, 3], [0, 0, 17, 9]])
    windows = torch.tensor(
        [[[0, 0, 1, 1], [0.25, 0.25, 0.75, 0.75]]] * 2, dtype=torch.float64
    )
    options = PredictOptions(
        min_max=False, threshold=0.4, min_threshold=low, with_probs=True
    )
    pred = instances_of(iter(probs), rects, windows, options)
    expected, confidence = masks_in_rects(
        box_probs(iter(probs), windows), rects, min_max=False
    )
    assert torch.equal(pred.rects, rects)
    assert (pred.confidence == confidence).all()
    for mask, prob, same in zip(pred.masks, pred.probs, expected, strict=True):
        assert (prob == same).all()
        threshold = 0.4 if low is None else reaching_threshold(prob, low, 0.4)
        assert (mask == (prob > threshold)).all()
    quiet = instances_of(iter(probs), rects, None, PredictOptions())
    assert len(quiet.masks) == 2 and 'probs' not in quiet
