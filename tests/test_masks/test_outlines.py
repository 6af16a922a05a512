import numpy as np
import pytest

from mmboxcaseg.masks import to_outlines


@pytest.mark.parametrize('seed', range(20))
def test_outlines_have_the_holes(seed):
    """By the even-odd rule: pixels with an odd number of upright sides to
    their left are inside."""
    rng = np.random.default_rng(seed)
    mask = rng.random(rng.integers(1, 30, 2)) < rng.uniform(0, 1)
    sides = np.zeros(mask.shape, int)
    for corners in to_outlines(mask):
        for one, two in zip(corners, np.roll(corners, -1, axis=0)):
            assert (one != two).sum() == 1
            if one[0] == two[0]:
                top, bottom = sorted((one[1], two[1]))
                sides[top:bottom, one[0] :] += 1
    assert (sides % 2 == mask).all()
    assert to_outlines(np.zeros((3, 4), bool)) == []
