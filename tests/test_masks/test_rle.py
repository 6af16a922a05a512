import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask
from random_instances import on_canvas, random_instances

from mmboxcaseg.masks import (
    decode_rle,
    encode_rle,
    encode_rles,
    rle_area,
    rle_length,
    rle_union,
    to_rle,
)


@st.composite
def placed_masks(draw):
    """A mask in a rectangle of an image; the borders come often."""
    height, width = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    x0, y0 = draw(st.integers(0, width)), draw(st.integers(0, height))
    x1, y1 = draw(st.integers(x0, width)), draw(st.integers(y0, height))
    shape = (y1 - y0, x1 - x0)
    bits = draw(
        st.one_of(
            st.just([False] * (shape[0] * shape[1])),
            st.just([True] * (shape[0] * shape[1])),
            st.lists(
                st.booleans(),
                min_size=shape[0] * shape[1],
                max_size=shape[0] * shape[1],
            ),
        )
    )
    mask = np.array(bits, dtype=bool).reshape(shape)
    return mask, (x0, y0, x1, y1), height, width


@settings(deadline=None, max_examples=300, derandomize=True)
@given(placed_masks())
def test_bytes_are_those_of_pycocotools(placed):
    mask, rect, height, width = placed
    canvas = on_canvas(mask, rect, height, width)
    expected = coco_mask.encode(np.asfortranarray(canvas, dtype=np.uint8))
    rle = encode_rle(mask, rect, height, width)
    assert rle == dict(size=expected['size'], counts=expected['counts'].decode())
    assert (decode_rle(rle) == canvas).all()
    assert rle_area(rle) == canvas.sum()


@pytest.mark.parametrize(
    'rect, height, width',
    [
        ((0, 0, 5, 4), 4, 5),
        ((0, 0, 5, 1), 1, 5),
        ((0, 0, 1, 4), 4, 1),
        ((2, 0, 4, 4), 4, 5),
        ((3, 2, 5, 4), 4, 5),
    ],
)
def test_full_masks_at_the_borders(rect, height, width):
    mask = np.ones((rect[3] - rect[1], rect[2] - rect[0]), bool)
    canvas = on_canvas(mask, rect, height, width)
    expected = coco_mask.encode(np.asfortranarray(canvas, dtype=np.uint8))
    counts = encode_rle(mask, rect, height, width)['counts']
    assert counts == expected['counts'].decode()


def test_panorama_needs_no_canvas():
    rle = encode_rle(np.ones((7, 5), bool), (60000, 60000, 60005, 60007), 65000, 65000)
    assert rle_area(rle) == 35
    assert coco_mask.toBbox(rle).tolist() == [60000, 60000, 5, 7]


def test_wrong_rectangles_are_named():
    mask = np.ones((2, 2), bool)
    with pytest.raises(ValueError, match='leaves the image of 3 x 4'):
        encode_rle(mask, (2, 0, 4, 2), 4, 3)
    with pytest.raises(ValueError, match='does not fit'):
        encode_rle(mask, (0, 0, 3, 2), 4, 3)


def test_every_kind_of_segmentation_becomes_the_same_rle():
    # Two rectangles, the second inside the first but for a column.
    canvas = np.zeros((6, 8), bool)
    canvas[1:4, 2:5] = canvas[2:3, 4:6] = True
    polygons = [[2, 1, 5, 1, 5, 4, 2, 4], [4, 2, 6, 2, 6, 3, 4, 3]]
    # Down the columns: two empty ones and a pixel, then runs by hand.
    counts = [13, 3, 3, 3, 3, 3, 4, 1, 15]
    compressed = coco_mask.encode(np.asfortranarray(canvas, dtype=np.uint8))
    text = dict(compressed, counts=compressed['counts'].decode())
    for kind in (polygons, dict(size=[6, 8], counts=counts), compressed, text):
        rle = to_rle(kind, 6, 8)
        assert rle['size'] == [6, 8]
        assert (decode_rle(rle) == canvas).all()


@pytest.mark.parametrize('seed', range(30))
def test_all_masks_of_an_image_at_once(seed):
    rng = np.random.default_rng(seed)
    masks, rects, _ = random_instances(rng, rng.integers(1, 9), 9, 12)
    # The whole image and a whole column: runs go on from column to column.
    masks += [np.ones((9, 12), bool), rng.random((9, 3)) < 0.8]
    rects = np.concatenate([rects, [[0, 0, 12, 9], [9, 0, 12, 9]]])
    expected = []
    for mask, rect in zip(masks, rects):
        canvas = on_canvas(mask, rect, 9, 12)
        rle = coco_mask.encode(np.asfortranarray(canvas, dtype=np.uint8))
        expected.append(dict(size=[9, 12], counts=rle['counts'].decode()))
    assert encode_rles(masks, rects, 9, 12) == expected


def test_no_masks():
    assert encode_rles([], np.zeros((0, 4), int), 9, 12) == []


def test_no_polygon_is_an_empty_mask():
    rle = to_rle([], 5, 7)
    assert rle['size'] == [5, 7]
    assert decode_rle(rle).shape == (5, 7) and not decode_rle(rle).any()


@given(placed_masks())
@settings(max_examples=100, deadline=None)
def test_runs_cover_the_image(placed):
    mask, rect, height, width = placed
    rle = encode_rle(mask, rect, height, width)
    assert rle_length(rle['counts']) == height * width


@pytest.mark.parametrize(
    'runs',
    [[600], [0, 600], [3, 5, 7, 0, 585], [1, 40, 500, 2, 57], [100000, 1, 2, 3, 4]],
)
def test_length_of_runs(runs):
    rle = to_rle(dict(size=[sum(runs), 1], counts=runs), sum(runs), 1)
    assert rle_length(rle['counts']) == sum(runs)
    with pytest.raises(ValueError, match='cut short'):
        # The sixth bit of the last character promises another one.
        rle_length(rle['counts'][:-1] + 'o')


def test_union_of_masks():
    masks = np.random.default_rng(0).random((3, 5, 7)) < 0.3
    rles = [encode_rle(mask, (0, 0, 7, 5), 5, 7) for mask in masks]
    assert (rle_union(rles) == masks.any(0)).all()
    assert (rle_union(rles[:1]) == masks[0]).all()
