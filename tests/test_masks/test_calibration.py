"""The expected IoU of masks."""

import json
from dataclasses import replace

import numpy as np
import pytest

from mmboxcaseg.masks.calibration import (
    Calibration,
    MaskTraits,
    Spread,
    fit_calibration,
    reviews_needed,
)


def random_traits(number, seed=0):
    rng = np.random.default_rng(seed)
    rect_areas = rng.integers(20, 60000, number).astype(float)
    share = rng.uniform(0.1, 1, number)
    return MaskTraits(
        agreement=rng.random(number),
        confidence=rng.random(number) * np.sqrt(share),
        areas=np.ceil(share * rect_areas),
        rect_areas=rect_areas,
        shared=rng.random(number),
    )


def noisy(traits, seed=1):
    """IoUs that rise with the confidence, but not in a line."""
    noise = np.random.default_rng(seed).normal(0, 0.1, len(traits))
    return np.clip(traits.confidence**2 + noise, 0, 1)


def test_iou_that_is_told_exactly_is_expected_exactly():
    traits = random_traits(4000)
    ious = traits.confidence**2
    found = fit_calibration(traits, ious, np.arange(4000))
    new = random_traits(500, seed=2)
    error = found.predict(new) - new.confidence**2
    assert np.abs(error).mean() < 0.015
    assert abs(error.mean()) < 0.003


def test_a_mean_of_other_masks_is_met():
    traits = random_traits(300)
    found = fit_calibration(traits, noisy(traits), np.arange(300) // 5)
    new = random_traits(3000, seed=7)
    expected = found.predict(new)
    assert abs(expected.mean() - noisy(new, 8).mean()) < 0.02
    assert expected.min() >= 0 and expected.max() <= 1


def test_never_falls_with_the_score():
    traits = random_traits(200)
    found = fit_calibration(traits, noisy(traits), np.arange(200))
    assert (np.diff(found.ious) >= 0).all()
    assert (np.diff(found.scores) > 0).all()
    # Masks alike in all but the confidence, which has a positive weight.
    assert found.weights['confidence'] > 0
    alike = traits.take(np.zeros(50, dtype=int))
    rising = replace(alike, confidence=np.linspace(0, 1, 50))
    assert (np.diff(found.predict(rising)) >= 0).all()


def test_an_empty_mask_has_nothing_to_expect():
    traits = random_traits(100)
    traits.areas[:40] = 0
    ious = np.where(traits.areas > 0, 0.8, 0.0)
    found = fit_calibration(traits, ious, np.arange(100))
    assert found.masks == 60 and found.mean_iou == pytest.approx(0.8)
    assert found.predict(traits) == pytest.approx(ious)
    traits.rect_areas[50] = 0
    assert found.predict(traits)[50] == 0
    assert found.predict(traits.take(np.zeros(0, dtype=int))).shape == (0,)


def test_too_few_masks():
    traits = random_traits(31)
    ious = noisy(traits)
    fit_calibration(traits.take(np.arange(30)), ious[:30], np.arange(30))
    traits.areas[:2] = 0
    with pytest.raises(ValueError, match='^29 masks have a true one'):
        fit_calibration(traits, ious, np.arange(31))


def test_masks_that_are_all_alike():
    traits = random_traits(40).take(np.zeros(40, dtype=int))
    ious = np.linspace(0.2, 0.6, 40)
    found = fit_calibration(traits, ious, np.zeros(40, dtype=int))
    assert set(found.weights.values()) == {0}
    assert found.predict(traits) == pytest.approx([0.4] * 40, abs=0.16)


def test_json_and_back():
    traits = random_traits(120)
    found = fit_calibration(
        traits,
        noisy(traits),
        np.arange(120) // 3,
        dict(merge=True, pipeline=[dict(size=3)]),
    )
    back = Calibration.from_json(json.loads(json.dumps(found.to_json())))
    assert back == found
    assert (back.predict(traits) == found.predict(traits)).all()
    again = fit_calibration(
        traits,
        noisy(traits),
        np.arange(120) // 3,
        dict(merge=True, pipeline=[dict(size=3)]),
    )
    assert again == found


@pytest.mark.parametrize(
    'change, words',
    [
        (lambda c: c.clear(), 'no "version"'),
        (lambda c: c.update(version=2), '"version" is 2, but .* mmboxcaseg reads 1'),
        (lambda c: c.pop('spread'), 'no "spread"'),
        (lambda c: c['weights'].pop('size'), '"weights" must have a number for'),
        (lambda c: c['weights'].update(size=True), '"weights" must have'),
        (lambda c: c.update(scores='0.1'), '"scores" must be a list of numbers'),
        (lambda c: c['ious'].append(float('nan')), '"ious" must be a list of'),
        (lambda c: c['ious'].reverse(), '"ious" must be ascending'),
        (lambda c: c['ious'].pop(), 'must have the same length'),
        (lambda c: c.update(ious=[i + 0.5 for i in c['ious']]), 'from 0 to 1'),
        (lambda c: c.update(masks=-1), '"masks" is -1'),
        (lambda c: c['spread'].update(within='x'), '"within" is \'x\''),
        (lambda c: c.update(spread=3), '"spread" must be an object'),
        (lambda c: c.update(made=None), '"made" must be an object'),
    ],
)
def test_what_is_no_calibration(change, words):
    traits = random_traits(60)
    content = json.loads(
        json.dumps(fit_calibration(traits, noisy(traits), np.arange(60)).to_json())
    )
    change(content)
    with pytest.raises(ValueError, match=words):
        Calibration.from_json(content)
    with pytest.raises(ValueError, match='no "version"'):
        Calibration.from_json([content])


def test_interval_by_hand():
    spread = Spread(within=0.04, between=0.01, curve=0.0001)
    expected = np.array([0.5, 0.6, 0.7, 1.0, 0.0])
    sure = np.array([False, False, False, True, False])
    low, high = spread.mean_interval(expected, np.array([1, 1, 2, 2, 3]), sure)
    # Three of five are open: 0.04 / 3 + 0.01 * (2 * 2 + 1) / 9.
    variance = 0.36 * (0.0001 + 0.04 / 3 + 0.05 / 9)
    assert (low, high) == pytest.approx(
        (0.56 - 1.96 * variance**0.5, 0.56 + 1.96 * variance**0.5)
    )
    given = spread.mean_interval(np.ones(3), np.arange(3), np.ones(3, bool))
    assert given == (1, 1)


def test_interval_holds_in_95_of_100_files():
    """Photos shift all of their masks; files are of twenty photos."""
    rng = np.random.default_rng(3)

    def draw(photos):
        images = np.arange(photos * 6) // 6
        traits = random_traits(len(images), seed=rng.integers(2**31))
        ious = (
            0.3
            + 0.4 * traits.confidence
            + rng.normal(0, 0.1, photos)[images]
            + rng.normal(0, 0.1, len(images))
        )
        return traits, np.clip(ious, 0, 1), images

    found = fit_calibration(*draw(300))
    assert found.spread.within == pytest.approx(0.01, rel=0.2)
    assert found.spread.between == pytest.approx(0.01, rel=0.4)
    inside = 0
    for _ in range(200):
        traits, ious, images = draw(20)
        low, high = found.spread.mean_interval(
            found.predict(traits), images, np.zeros(len(images), bool)
        )
        inside += low <= ious.mean() <= high
    assert 180 <= inside <= 199


def test_reviews_needed():
    expected = np.array([0.9, 0.2, 0.6, 0.5])
    # Sums: 2.2, then 3.0, 3.5, 3.9, 4.
    assert reviews_needed(expected, 0.55) == 0
    assert reviews_needed(expected, 0.56) == 1
    assert reviews_needed(expected, 0.75) == 1
    assert reviews_needed(expected, 0.76) == 2
    assert reviews_needed(expected, 1) == 4
    assert reviews_needed(np.ones(3), 0.8) == 0
