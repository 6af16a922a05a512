import numpy as np
import pytest
from random_instances import (
    merge_by_probability_slowly,
    merge_slowly,
    on_canvas,
    random_instances,
)

from mmboxcaseg.masks import Claims, merge, merge_by_probability, take_away


@pytest.mark.parametrize('seed', range(40))
def test_merge_is_the_slow_one(seed):
    rng = np.random.default_rng(seed)
    masks, rects, _ = random_instances(rng, rng.integers(1, 9), 9, 12)
    # Few different values, so that ties occur.
    areas = rng.integers(1, 4, len(masks)).astype(float)
    before = [mask.copy() for mask in masks]
    merged = merge(masks, rects, areas)
    expected = merge_slowly(
        [on_canvas(m, r, 9, 12) for m, r in zip(masks, rects)], areas
    )
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


@pytest.mark.parametrize('seed', range(30))
def test_merging_by_probability_is_the_slow_one(seed):
    rng = np.random.default_rng(seed)
    masks, rects, _ = random_instances(rng, rng.integers(1, 9), 9, 12)
    # Powers of two are exact in float32, so that ties are ties.
    areas = 4.0 ** rng.integers(0, 3, len(masks))
    probs = [0.5 ** rng.integers(0, 4, mask.shape) for mask in masks]
    exponent = rng.choice([0, 0.5, 1, 2])
    before = [mask.copy() for mask in masks]
    merged = merge_by_probability(masks, rects, areas, Claims(probs, exponent))
    expected = merge_by_probability_slowly(
        [on_canvas(m, r, 9, 12) for m, r in zip(masks, rects)],
        [on_canvas(p, r, 9, 12, float) for p, r in zip(probs, rects)],
        areas,
        exponent,
    )
    for mask, rect, canvas in zip(merged, rects, expected):
        assert (on_canvas(mask, rect, 9, 12) == canvas).all()
    assert all((a == b).all() for a, b in zip(masks, before))


def keep_slowly(masks, probs, areas, exponent, tolerance):
    """Pixel by pixel: each mask against the strongest of the other claims."""
    kept = [np.zeros_like(mask) for mask in masks]
    for y, x in np.ndindex(masks[0].shape):
        claims = [
            prob[y, x] * area**-exponent if mask[y, x] else 0
            for mask, prob, area in zip(masks, probs, areas)
        ]
        for place, claim in enumerate(claims):
            strongest = max(claims[:place] + claims[place + 1 :], default=0)
            kept[place][y, x] = claim > 0 and strongest <= tolerance * claim
    return kept


@pytest.mark.parametrize('seed', range(20))
def test_masks_keep_what_they_claim_nearly_as_strongly(seed):
    rng = np.random.default_rng(seed)
    masks, rects, _ = random_instances(rng, rng.integers(1, 9), 9, 12)
    areas = 4.0 ** rng.integers(0, 3, len(masks))
    probs = [rng.uniform(0.3, 1, mask.shape) for mask in masks]
    exponent, tolerance = rng.choice([0, 0.1, 1]), rng.choice([1.1, 1.5, 3])
    claims = Claims(probs, exponent, tolerance)
    merged = merge_by_probability(masks, rects, areas, claims)
    expected = keep_slowly(
        [on_canvas(m, r, 9, 12) for m, r in zip(masks, rects)],
        [on_canvas(p, r, 9, 12, float) for p, r in zip(probs, rects)],
        areas,
        exponent,
        tolerance,
    )
    for mask, rect, canvas in zip(merged, rects, expected):
        assert (on_canvas(mask, rect, 9, 12) == canvas).all()


@pytest.mark.parametrize('seed', range(5))
@pytest.mark.parametrize('exponent', [30, 1000, float('inf')])
def test_a_high_exponent_is_the_paper_s_rule(seed, exponent):
    rng = np.random.default_rng(seed)
    masks, rects, _ = random_instances(rng, 8, 9, 12)
    areas = rng.choice([10.0, 20, 4000, 4e6], 8)
    # Equal boxes share by probability, so they have the same here.
    probs = [np.full(m.shape, a / 1e7 + 0.2) for m, a in zip(masks, areas)]
    merged = merge_by_probability(masks, rects, areas, Claims(probs, exponent))
    for mask, expected in zip(merged, merge(masks, rects, areas)):
        assert (mask == expected).all()


def test_claims_out_of_range():
    masks, rects = [np.ones((3, 3), bool)], np.array([[0, 0, 3, 3]])
    with pytest.raises(ValueError, match='exponent is -1'):
        Claims([np.ones((3, 3))], -1)
    with pytest.raises(ValueError, match='exponent is nan'):
        Claims([np.ones((3, 3))], float('nan'))
    for tolerance in (0.9, float('nan')):
        with pytest.raises(ValueError, match=f'tolerance is {tolerance}'):
            Claims([np.ones((3, 3))], 0, tolerance)
    with pytest.raises(ValueError, match='box 0 is not positive'):
        merge_by_probability(masks, rects, [0], Claims([np.ones((3, 3))], 0))
    with pytest.raises(ValueError, match='probabilities differ in shape'):
        merge_by_probability(masks, rects, [9], Claims([np.ones((3, 4))], 0))
    assert merge_by_probability([], rects[:0], [], Claims([], 0)) == []


def test_taking_away():
    taken = np.zeros((4, 6), bool)
    taken[1, 2] = taken[3, 5] = True
    masks = [np.ones((2, 3), bool), np.ones((1, 1), bool)]
    rects = np.array([[1, 0, 4, 2], [5, 3, 6, 4]])
    first, second = take_away(masks, rects, taken)
    assert first.tolist() == [[True] * 3, [True, False, True]]
    assert not second.any() and masks[0].all()
    with pytest.raises(ValueError, match='does not fit'):
        take_away([masks[1]], rects[:1], taken)
