import numpy as np
import pytest

from mmboxcaseg.masks import reaching_threshold


def touches_all_sides(mask):
    ys, xs = np.nonzero(mask)
    return len(ys) and (ys.min(), xs.min(), ys.max() + 1, xs.max() + 1) == (
        0,
        0,
        *mask.shape,
    )


@pytest.mark.parametrize('shape', [(1, 1), (1, 7), (9, 1), (6, 5), (20, 31)])
def test_reaching_threshold_against_all_thresholds(shape):
    rng = np.random.default_rng(shape)
    for _ in range(20):
        # Lower at the sides, with ties.
        prob = rng.integers(0, 100, shape).astype(np.float32) / 100
        prob[[0, -1]] *= 0.6
        prob[:, [0, -1]] *= 0.6
        found = reaching_threshold(prob, 0.2, 0.5)
        steps = np.linspace(0.2, 0.5, 3001)
        good = [t for t in steps if touches_all_sides(prob > t)]
        assert 0.2 <= found <= 0.5
        if good:
            assert touches_all_sides(prob > found)
            assert found == pytest.approx(good[-1], abs=1.01e-4)
        else:
            assert found == 0.2
