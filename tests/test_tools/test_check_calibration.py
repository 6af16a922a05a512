"""Expected against true IoU."""

import numpy as np
import pytest

from tools.benchmarks import check_calibration


def test_bins_hold_equally_many():
    expected = np.array([0.9, 0.1, 0.2, 0.8, 0.3, 0.7])
    ious = np.array([1, 0, 0.4, 0.6, 0.5, 0.5])
    low, high = check_calibration.reliability(expected, ious, 2)
    assert low[:2] == pytest.approx((0.2, 0.3)) and low[3] == 3
    assert high[:2] == pytest.approx((0.8, 0.7))
    assert low[2] == pytest.approx(np.std([0, 0.4, 0.5]) / 3**0.5)
