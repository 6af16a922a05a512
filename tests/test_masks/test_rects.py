import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmboxcaseg.masks import clip_boxes, covered_shares, pixel_rects, usable_boxes

HEIGHT, WIDTH = 20, 30
sides = st.floats(-50, 50, allow_nan=False)


@pytest.mark.parametrize(
    'box, rect',
    [
        ((3, 4, 10, 12), (3, 4, 10, 12)),
        ((2.4, 3.6, 9.5, 11.49), (2, 4, 10, 11)),
        ((0.5, 1.5, 2.5, 3.5), (1, 2, 3, 4)),
        ((-7, -3, 100, 100), (0, 0, WIDTH, HEIGHT)),
        ((10.6, 5, 10.8, 7), (10, 5, 11, 7)),
        ((10.5, 5, 10.9, 7), (10, 5, 11, 7)),
        ((29.8, 19.7, 31, 22), (29, 19, 30, 20)),
        ((-3, -3, 0.2, 0.3), (0, 0, 1, 1)),
    ],
)
def test_pixel_rects_by_hand(box, rect):
    assert pixel_rects([box], HEIGHT, WIDTH).tolist() == [list(rect)]


@given(st.lists(st.tuples(sides, sides, sides, sides), max_size=8))
def test_pixel_rects_are_the_nearest_inside_the_image(boxes):
    boxes = np.array(boxes, dtype=np.float64).reshape(-1, 4)
    boxes = boxes[usable_boxes(boxes, HEIGHT, WIDTH)]
    rects = pixel_rects(boxes, HEIGHT, WIDTH)
    assert rects.dtype == np.int64 and rects.shape == boxes.shape
    assert (rects[:, :2] >= 0).all() and (rects[:, :2] < rects[:, 2:]).all()
    assert (rects[:, 2:] <= [WIDTH, HEIGHT]).all()
    clipped = clip_boxes(boxes, HEIGHT, WIDTH)
    wide = (rects[:, 2:] - rects[:, :2] > 1).repeat(2, axis=1)[:, [0, 2, 1, 3]]
    assert (np.abs(rects - clipped)[wide] <= 0.5).all()
    assert (np.abs(rects - clipped) <= 1).all()


def test_usable_boxes():
    nan, inf = float('nan'), float('inf')
    boxes = [
        (1, 1, 2, 2),
        (nan, 1, 2, 2),
        (1, 1, inf, 2),
        (5, 5, 5, 9),
        (5, 5, 4, 9),
        (30, 2, 33, 4),
        (-4, 2, 0, 4),
        (-4, 2, 0.1, 4),
    ]
    assert usable_boxes(boxes, HEIGHT, WIDTH).tolist() == [
        True,
        False,
        False,
        False,
        False,
        False,
        False,
        True,
    ]
    sizes = np.array([20, 3]), np.array([30, 30])
    assert usable_boxes([(0, 5, 1, 6)] * 2, *sizes).tolist() == [True, False]
    assert usable_boxes([], HEIGHT, WIDTH).shape == (0,)


def test_unusable_boxes_are_named():
    with pytest.raises(ValueError, match=r'box 1, xyxy \[5.0, 5.0, 4.0, 9.0'):
        clip_boxes([(1, 1, 2, 2), (5, 5, 4, 9)], HEIGHT, WIDTH)
    with pytest.raises(ValueError, match=r'\(N, 4\)'):
        pixel_rects([1, 2, 3, 4], HEIGHT, WIDTH)


def test_boxes_are_clipped():
    boxes = np.array([[-1.5, 2, 40, 19.5]])
    assert clip_boxes(boxes, HEIGHT, WIDTH).tolist() == [[0, 2, 30, 19.5]]
    assert boxes.tolist() == [[-1.5, 2, 40, 19.5]]


@pytest.mark.parametrize('seed', range(10))
def test_shares_that_others_cover(seed):
    rng = np.random.default_rng(seed)
    low = rng.integers(0, 12, (5, 2))
    rects = np.concatenate([low, low + rng.integers(1, 9, (5, 2))], axis=1)
    shares = covered_shares(rects)
    for i, (x0, y0, x1, y1) in enumerate(rects.tolist()):
        pixels = [(x, y) for x in range(x0, x1) for y in range(y0, y1)]
        covered = [
            any(
                a0 <= x < a1 and b0 <= y < b1
                for j, (a0, b0, a1, b1) in enumerate(rects.tolist())
                if j != i
            )
            for x, y in pixels
        ]
        assert shares[i] == pytest.approx(sum(covered) / len(pixels))


def test_shares_of_equal_lone_and_no_rectangles():
    rects = np.array([[0, 0, 4, 4], [0, 0, 4, 4], [9, 9, 10, 10], [4, 0, 8, 4]])
    assert covered_shares(rects).tolist() == [1, 1, 0, 0]
    assert covered_shares(rects[:0]).shape == (0,)
