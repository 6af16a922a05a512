import numpy as np
import pytest

from mmboxcaseg.thresholds import DEFAULT_AGREEMENT_THR, ignored_masks


def test_below_either_threshold():
    agreement = np.array([0.95, 0.9499, 1, 0, 1])
    assert DEFAULT_AGREEMENT_THR == 0.95
    assert ignored_masks(agreement).tolist() == [0, 1, 0, 1, 0]
    assert ignored_masks(agreement, agreement_thr=0).sum() == 0
    confidence = np.array([0.5, 0.9, 0.4999, 0.9, 1])
    assert ignored_masks(agreement, confidence, 0.9, confidence_thr=0.5).tolist() == [
        0,
        0,
        1,
        1,
        0,
    ]
    # A score without a threshold is not looked at.
    assert ignored_masks(agreement, confidence).tolist() == [0, 1, 0, 1, 0]


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(agreement_thr=95), 'agreement_thr must be from 0 to 1, not 95'),
        (dict(confidence_thr=-0.1), 'confidence_thr must be from 0 to 1'),
        (dict(confidence_thr=0.5), 'no confidence'),
    ],
)
def test_mistakes(options, message):
    with pytest.raises(ValueError, match=message):
        ignored_masks(np.ones(2), **options)


def test_rejected_whatever_the_scores():
    rejected = np.array([True, False, True])
    agreement, confidence = np.array([1, 0.5, 0.5]), np.array([1, 1, 0.2])
    assert ignored_masks(agreement, agreement_thr=0, rejected=rejected).tolist() == [
        1,
        0,
        1,
    ]
    assert ignored_masks(agreement, confidence, 0.9, 0.5, rejected).tolist() == [
        1,
        1,
        1,
    ]
    assert ignored_masks(agreement, confidence, 0.9, 0.5, ~rejected).tolist() == [
        0,
        1,
        1,
    ]
