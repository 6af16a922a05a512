import numpy as np
import pytest
from pycocotools import mask as coco_mask

from mmboxcaseg.masks import (
    boundary_width,
    box_rle,
    decode_rle,
    encode_rle,
    inner_boundary,
    rect_boundary_iou,
    rect_mask_iou,
    rle_boundary_iou,
    rle_iou,
)

HEIGHT, WIDTH = 10, 20


def test_iou_by_hand():
    truth = np.zeros((HEIGHT, WIDTH), np.uint8)
    truth[2:6, 3:9] = 1
    # 4 x 4 pixels of the 24 true ones, and 4 x 1 beside them.
    mask = np.ones((4, 5), bool)
    assert rect_mask_iou(mask, (5, 2, 10, 6), truth) == 16 / 28
    mask[:, -1] = False
    assert rect_mask_iou(mask, (5, 2, 10, 6), truth) == 16 / 24
    assert rect_mask_iou(mask & False, (5, 2, 10, 6), truth) == 0
    assert rect_mask_iou(mask & False, (5, 2, 10, 6), 0 * truth) == 0
    assert rect_mask_iou(np.ones((4, 6), bool), (3, 2, 9, 6), truth) == 1


def test_iou_is_that_of_pycocotools():
    rng = np.random.default_rng(0)
    for _ in range(50):
        x0, x1 = np.sort(rng.choice(WIDTH + 1, 2, replace=False))
        y0, y1 = np.sort(rng.choice(HEIGHT + 1, 2, replace=False))
        mask = rng.random((y1 - y0, x1 - x0)) < 0.5
        truth = (rng.random((HEIGHT, WIDTH)) < 0.5).astype(np.uint8)
        full = np.zeros((HEIGHT, WIDTH), np.uint8)
        full[y0:y1, x0:x1] = mask
        rles = [coco_mask.encode(np.asfortranarray(x)) for x in (full, truth)]
        expected = coco_mask.iou([rles[0]], [rles[1]], [0])[0, 0]
        assert rect_mask_iou(mask, (x0, y0, x1, y1), truth) == pytest.approx(
            expected, abs=1e-12
        )


def slow_boundary(mask, width):
    """Every pixel with a pixel that is no object in the square around it."""
    height, length = mask.shape
    result = np.zeros(mask.shape, dtype=bool)
    for y in range(height):
        for x in range(length):
            around = [
                (y + dy, x + dx)
                for dy in range(-width, width + 1)
                for dx in range(-width, width + 1)
            ]
            result[y, x] = mask[y, x] and not all(
                0 <= v < height and 0 <= u < length and mask[v, u] for v, u in around
            )
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
                inner_boundary(mask, width), slow_boundary(mask, width)
            )
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
        assert rect_boundary_iou(mask, (8, 5, 20, 14), truth, 2) == pytest.approx(
            expected
        )


def test_two_squares_by_hand():
    # A square of 10 within one of 12 pixels, boundaries of one pixel: the
    # rings of 36 and 44 pixels don't meet, though the IoU is 100 / 144.
    truth = np.zeros((16, 16), bool)
    truth[2:14, 2:14] = True
    assert rect_boundary_iou(np.ones((10, 10), bool), (3, 3, 13, 13), truth, 1) == 0
    # Two pixels wide: 44 + 36 and 36 + 28 pixels, the ring of 36 in common.
    assert rect_boundary_iou(
        np.ones((10, 10), bool), (3, 3, 13, 13), truth, 2
    ) == 36 / (80 + 28)


def test_width_is_a_share_of_the_diagonal():
    assert boundary_width(480, 640) == 16
    assert boundary_width(30, 40) == 1
    assert boundary_width(3, 4) == 1
    assert boundary_width(300, 400, ratio=0.005) == 2


def full_rle(mask):
    height, width = mask.shape
    return encode_rle(mask, (0, 0, width, height), height, width)


def test_ious_of_rles_are_those_of_bitmaps():
    rng = np.random.default_rng(2)
    for _ in range(10):
        one, other = (blobs(rng, (20, 30)) for _ in range(2))
        rles = full_rle(one), full_rle(other)
        assert rle_iou(*rles) == (one & other).sum() / (one | other).sum()
        rings = slow_boundary(one, 2), slow_boundary(other, 2)
        expected = (rings[0] & rings[1]).sum() / (rings[0] | rings[1]).sum()
        assert rle_boundary_iou(*rles, 2) == pytest.approx(expected)


def test_empty_masks_of_rles():
    empty, some = (full_rle(np.full((4, 6), value)) for value in (False, True))
    for measure in (rle_iou, lambda *rles: rle_boundary_iou(*rles, 1)):
        assert measure(empty, empty) == measure(empty, some) == 0
        assert measure(some, some) == 1


def test_filled_box_is_its_pixel_rectangle():
    # 10.4 rounds to 10 and 19.6 to 20; what leaves the image is cut off.
    mask = decode_rle(box_rle([10.4, -3, 19.6, 2], (10, 15)))
    assert mask.shape == (10, 15) and mask.sum() == 10
    assert mask[:2, 10:].all()
    with pytest.raises(ValueError, match='covers nothing'):
        box_rle([20, 0, 30, 5], (10, 15))
