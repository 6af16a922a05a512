import numpy as np
import pytest
import slow
import torch

from mmboxcaseg.models.paste import masks_in_rects, min_max_normalize


def test_min_max():
    probs = torch.tensor([[0.2, 0.3], [0.4, 0.6]])
    np.testing.assert_allclose(
        min_max_normalize(probs), [[0, 0.25], [0.5, 1]], atol=1e-6)


@pytest.mark.parametrize('value', [0.0, 0.4, 1.0])
def test_constant_probabilities_give_an_empty_mask(value):
    assert not min_max_normalize(torch.full((3, 3), value)).any()


def test_resized_to_rectangles():
    probs = torch.rand(4, 6, 6)
    rects = torch.tensor([[3, 2, 4, 3], [0, 0, 17, 9], [5, 5, 7, 20]])
    source = iter(probs)
    masks = masks_in_rects(source, rects)
    assert len(masks) == 3
    for mask, prob, (x0, y0, x1, y1) in zip(masks, probs, rects.tolist()):
        assert mask.dtype == np.float32
        low, high = prob.min().item(), prob.max().item()
        expected = slow.resize((prob.numpy() - low) / (high - low), y1 - y0,
                               x1 - x0)
        np.testing.assert_allclose(mask, expected, atol=1e-5)
    # What is not of these rectangles is left for the next image.
    assert torch.equal(next(source), probs[3])
    with pytest.raises(ValueError):
        masks_in_rects(source, rects)
