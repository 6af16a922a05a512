import numpy as np
import pytest
from random_instances import merge_slowly, on_canvas, random_instances

from mmboxcaseg.masks import merge


@pytest.mark.parametrize('seed', range(40))
def test_merge_is_the_slow_one(seed):
    rng = np.random.default_rng(seed)
    masks, rects, _ = random_instances(rng, rng.integers(1, 9), 9, 12)
    # Few different values, so that ties occur.
    areas = rng.integers(1, 4, len(masks)).astype(float)
    before = [mask.copy() for mask in masks]
    merged = merge(masks, rects, areas)
    expected = merge_slowly(
        [on_canvas(m, r, 9, 12) for m, r in zip(masks, rects)], areas)
    for mask, rect, canvas in zip(merged, rects, expected):
        assert (on_canvas(mask, rect, 9, 12) == canvas).all()
    assert all((a == b).all() for a, b in zip(masks, before))


def test_box_area_counts_not_mask_area():
    full, dot = np.ones((4, 4), bool), np.zeros((5, 5), bool)
    dot[2, 2] = True
    rects = np.array([[0, 0, 5, 5], [1, 1, 5, 5]])
    merged = merge([dot, full], rects, [25, 16])
    assert not merged[0].any() and merged[1].all()


def test_earlier_annotation_wins_a_tie():
    masks = [np.ones((3, 3), bool)] * 2
    rects = np.array([[0, 0, 3, 3], [1, 0, 4, 3]])
    first, second = merge(masks, rects, [9, 9])
    assert first.all()
    assert second.tolist() == [[False, False, True]] * 3


def test_no_instances():
    assert merge([], np.zeros((0, 4), int), []) == []


def test_mismatches_are_named():
    masks, rects = [np.ones((3, 3), bool)], np.array([[0, 0, 3, 4]])
    with pytest.raises(ValueError, match='mask 0 is bool of shape'):
        merge(masks, rects, [9])
    rects = np.array([[0, 0, 3, 3]])
    with pytest.raises(ValueError, match='1 masks, but 2 rectangles'):
        merge(masks, rects.repeat(2, 0), [9])
    with pytest.raises(ValueError, match='box 0 is NaN'):
        merge(masks, rects, [float('nan')])
    with pytest.raises(ValueError, match='uint8'):
        merge([masks[0].astype(np.uint8)], rects, [9])
    with pytest.raises(ValueError, match='box areas of shape'):
        merge(masks, rects, [9, 9])


def test_far_corners_of_a_panorama_cost_nothing():
    """No array of the canvas' size: it would not fit in memory."""
    side = 10**7
    rects = np.array([[0, 0, 3, 3], [side - 3, side - 3, side, side]])
    masks = [np.ones((3, 3), bool)] * 2
    assert all(mask.all() for mask in merge(masks, rects, [9, 9]))
