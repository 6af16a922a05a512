import numpy as np
import pytest

from mmboxcaseg.evaluation import summarize_by_size
from mmboxcaseg.masks import boundary_width, inner_boundary, rect_boundary_iou


def slow_boundary(mask, width):
    """Every pixel with a pixel that is no object in the square around it."""
    height, length = mask.shape
    result = np.zeros(mask.shape, dtype=bool)
    for y in range(height):
        for x in range(length):
            around = [(y + dy, x + dx) for dy in range(-width, width + 1)
                      for dx in range(-width, width + 1)]
            result[y, x] = mask[y, x] and not all(
                0 <= v < height and 0 <= u < length and mask[v, u]
                for v, u in around)
    return result


def blobs(rng, shape):
    """A mask of a few rectangles, so that it has an inside."""
    mask = np.zeros(shape, dtype=bool)
    for _ in range(3):
        y0, y1 = np.sort(rng.choice(shape[0] + 1, 2, replace=False))
        x0, x1 = np.sort(rng.choice(shape[1] + 1, 2, replace=False))
        mask[y0:y1, x0:x1] = True
    return mask


def test_boundary_is_that_of_a_slow_loop():
    rng = np.random.default_rng(0)
    for width in (1, 2, 3, 5):
        for _ in range(5):
            mask = blobs(rng, (17, 13))
            np.testing.assert_array_equal(
                inner_boundary(mask, width), slow_boundary(mask, width))
    assert not inner_boundary(np.zeros((4, 4), bool), 2).any()


def test_boundary_iou_is_that_of_a_slow_loop():
    rng = np.random.default_rng(1)
    for _ in range(10):
        truth = blobs(rng, (20, 30))
        mask = blobs(rng, (9, 12))
        full = np.zeros_like(truth)
        full[5:14, 8:20] = mask
        ours, theirs = slow_boundary(full, 2), slow_boundary(truth, 2)
        expected = (ours & theirs).sum() / (ours | theirs).sum()
        assert rect_boundary_iou(mask, (8, 5, 20, 14), truth,
                                 2) == pytest.approx(expected)


def test_two_squares_by_hand():
    # A square of 10 within one of 12 pixels, boundaries of one pixel: the
    # rings of 36 and 44 pixels don't meet, though the IoU is 100 / 144.
    truth = np.zeros((16, 16), bool)
    truth[2:14, 2:14] = True
    assert rect_boundary_iou(
        np.ones((10, 10), bool), (3, 3, 13, 13), truth, 1) == 0
    # Two pixels wide: 44 + 36 and 36 + 28 pixels, the ring of 36 in common.
    assert rect_boundary_iou(
        np.ones((10, 10), bool), (3, 3, 13, 13), truth, 2) == 36 / (80 + 28)


def test_width_is_a_share_of_the_diagonal():
    assert boundary_width(480, 640) == 16
    assert boundary_width(30, 40) == 1
    assert boundary_width(3, 4) == 1
    assert boundary_width(300, 400, ratio=0.005) == 2


def test_sizes_of_coco():
    ious = np.array([0.2, 0.4, 0.6, 0.8, 1.0])
    areas = np.array([0, 32**2 - 1, 32**2, 96**2 - 1, 96**2])
    result = summarize_by_size(ious, np.array([0, 1, 0, 0, 0]), areas)
    assert len(result) == 18
    assert result['small_mIoU'] == pytest.approx(30)
    assert result['small_mIoU_star'] == pytest.approx(30)
    assert result['medium_mIoU'] == pytest.approx(70)
    assert result['medium_IoU@75'] == pytest.approx(50)
    assert result['large_IoU@75'] == 100
    nothing = summarize_by_size(ious[:0], ious[:0], areas[:0])
    assert np.isnan(nothing['large_mIoU'])
