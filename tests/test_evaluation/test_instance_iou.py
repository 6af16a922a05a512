import numpy as np
import pytest
from scipy.stats import spearmanr

from mmboxcaseg.evaluation import spearman, summarize_by_size, summarize_ious


def test_summary_by_hand():
    # Class 7: 1 and 0.5; class 2: 0.75, 0.25, 0.7, 0.3.
    ious = np.array([1, 0.75, 0.5, 0.25, 0.7, 0.3])
    result = summarize_ious(ious, np.array([7, 2, 7, 2, 2, 2]))
    assert result['mIoU_star'] == pytest.approx(100 * (0.75 + 0.5) / 2)
    assert result['mIoU'] == pytest.approx(100 * 3.5 / 6)
    # Strictly above: 0.25, 0.5, 0.7 and 0.75 don't count for their own.
    assert result['IoU@25'] == pytest.approx(100 * 5 / 6)
    assert result['IoU@50'] == pytest.approx(100 * 3 / 6)
    assert result['IoU@70'] == pytest.approx(100 * 2 / 6)
    assert result['IoU@75'] == pytest.approx(100 * 1 / 6)
    assert set(result) == {'mIoU_star', 'mIoU', 'IoU@25', 'IoU@50', 'IoU@70', 'IoU@75'}


def test_no_instances():
    result = summarize_ious(np.zeros(0), np.zeros(0))
    assert len(result) == 6 and all(np.isnan(v) for v in result.values())


def test_sizes_of_coco():
    ious = np.array([0.2, 0.4, 0.6, 0.8, 1.0])
    areas = np.array([0, 32**2 - 1, 32**2, 96**2 - 1, 96**2])
    result = summarize_by_size(ious, np.array([0, 1, 0, 0, 0]), areas)
    assert len(result) == 18
    assert result['small_mIoU'] == pytest.approx(30)
    assert result['small_mIoU_star'] == pytest.approx(30)
    assert result['medium_mIoU'] == pytest.approx(70)
    assert result['medium_IoU@75'] == pytest.approx(50)
    assert result['large_IoU@75'] == 100
    nothing = summarize_by_size(ious[:0], ious[:0], areas[:0])
    assert np.isnan(nothing['large_mIoU'])


def test_rank_correlation_is_that_of_scipy():
    rng = np.random.default_rng(0)
    for size in (2, 3, 10, 200):
        # Few values, so that many are equal.
        one, other = rng.integers(0, max(size // 3, 2), (2, size)) / 7
        one[0], one[1], other[0], other[1] = 0, 9, 0, 9
        assert spearman(one, other) == pytest.approx(
            float(spearmanr(one, other)[0]), abs=1e-12
        )


def test_rank_correlation_by_hand():
    # Ranks 4 5 2 1 3 and 5 3 2 1 4: 1 - 6 * 6 / (5 * 24).
    one = np.array([0.9, 0.95, 0.3, 0.1, 0.8])
    other = np.array([1, 0.5, 0.3, 0, 0.6])
    assert spearman(one, other) == pytest.approx(0.7)
    assert spearman(one, -(one**3)) == pytest.approx(-1)
    for first in (None, 0 * one, one[:0]):
        assert spearman(first, other) is None
    assert spearman(one, 0 * one) is None
    assert spearman(one[:1], other[:1]) is None
