import numpy as np
import pytest
from scipy.ndimage import binary_fill_holes, label

from mmboxcaseg.masks import count_holes, fill_holes, largest_part


@pytest.mark.parametrize('seed', range(20))
def test_against_scipy(seed):
    rng = np.random.default_rng(seed)
    mask = rng.random(rng.integers(1, 30, 2)) < rng.uniform(0.3, 0.9)
    holes = binary_fill_holes(mask) & ~mask
    labels, count = label(holes)
    assert count_holes(mask) == count
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    for most in (1, 3, 1000):
        small = [i for i in range(1, count + 1) if areas[i] <= most]
        expected = mask | np.isin(labels, small)
        assert (fill_holes(mask, most) == expected).all()
    if mask.any():
        parts, _ = label(mask, np.ones((3, 3)))
        largest = np.bincount(parts[parts > 0]).argmax()
        assert (largest_part(mask) == (parts == largest)).all()


def test_nothing():
    nothing = np.zeros((3, 4), bool)
    assert not fill_holes(nothing, 9).any()
    assert not largest_part(nothing).any()
    assert count_holes(nothing) == 0
