import itertools

import numpy as np
import pytest
from scipy.optimize import isotonic_regression

from mmboxcaseg.masks.isotonic import isotonic


def test_against_every_way_to_cut_into_blocks():
    """Of all ascending sequences of block means, the one of least squares."""
    rng = np.random.default_rng(0)
    for number in (1, 2, 5, 7):
        values, weights = rng.random(number), rng.uniform(0.5, 3, number)
        best = None
        for cuts in itertools.product((False, True), repeat=number - 1):
            block = np.cumsum((0, *cuts))
            means = (
                np.bincount(block, weights * values) / np.bincount(block, weights)
            )[block]
            loss = (weights * (values - means) ** 2).sum()
            if (np.diff(means) >= 0).all() and (best is None or loss < best[0]):
                best = loss, means
        assert isotonic(values, weights) == pytest.approx(best[1])


@pytest.mark.parametrize('seed', range(5))
def test_against_scipy(seed):
    rng = np.random.default_rng(seed)
    # Coarse values, so that there are ties.
    values = np.round(np.linspace(0, 1, 300) + rng.normal(0, 0.3, 300), 1)
    weights = rng.integers(1, 9, 300)
    expected = isotonic_regression(values, weights=weights).x
    assert isotonic(values, weights) == pytest.approx(expected)


def test_what_ascends_stays_and_what_falls_is_level():
    up = np.array([0, 0.25, 0.25, 0.7])
    assert isotonic(up, np.ones(4)).tolist() == up.tolist()
    assert isotonic(up[::-1], np.array([1, 1, 1, 3])) == pytest.approx([0.2] * 4)
    assert isotonic(np.zeros(0), np.zeros(0)).shape == (0,)
