import numpy as np
import pytest
from pycocotools import mask as coco_mask
from scipy.ndimage import binary_fill_holes

from mmboxcaseg.masks import decode_rle, to_polygons, to_rle


def encode(mask):
    rle = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    return dict(size=rle['size'], counts=rle['counts'].decode())


def test_a_rectangle_has_four_corners():
    mask = np.zeros((9, 12), bool)
    mask[2:5, 3:9] = True
    (polygon,) = to_polygons(encode(mask))
    corners = set(zip(polygon[::2], polygon[1::2]))
    assert len(polygon) == 8
    assert corners == {(3, 2), (9, 2), (9, 5), (3, 5)}


def test_each_part_has_its_own():
    mask = np.zeros((9, 12), bool)
    mask[1, 1] = mask[5:8, 7:12] = True
    assert len(to_polygons(encode(mask))) == 2


@pytest.mark.parametrize('seed', range(20))
def test_drawn_again_it_is_the_mask_without_holes(seed):
    rng = np.random.default_rng(seed)
    height, width = rng.integers(1, 30, 2)
    mask = rng.random((height, width)) < rng.uniform(0.1, 0.9)
    mask[rng.integers(height), rng.integers(width)] = True
    drawn = decode_rle(to_rle(to_polygons(encode(mask)), height, width))
    # Parts that touch at a corner are one, so holes are where no path over
    # sides leads out.
    assert (drawn == binary_fill_holes(mask)).all()
