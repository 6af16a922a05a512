"""The verdict on a training, on numbers known by hand."""

import numpy as np
import pytest

from mmboxcaseg.evaluation.box_fit import BoxFits
from mmboxcaseg.training import Verdict, judge


def fits(confidence, iou):
    return BoxFits(
        box_ids=tuple(range(len(iou))),
        agreement=np.full(len(iou), 0.9),
        confidence=np.asarray(confidence, dtype=float),
        iou=np.asarray(iou, dtype=float),
    )


def test_true_masks_decide():
    before = fits([0.5] * 20, [0.5] * 20)
    # Surer, but worse: half of them by 0.2.
    after = fits([0.9] * 20, [0.5, 0.3] * 10)
    verdict = judge(before, after, photos=7, iters=100)
    assert verdict.measure == 'mIoU' and not verdict.improved
    assert verdict.gain == pytest.approx(-10)
    # The standard deviation of 10 of 0 and 10 of -0.2 is 0.2 * sqrt(5 / 19).
    assert verdict.error == pytest.approx(100 * 0.2 * (5 / 19) ** 0.5 / 20**0.5)
    text = verdict.summary()
    assert 'not better: mIoU changed by -10.0 points' in text
    assert '--salient' in text and 'mIoU 50.0' in text and 'mIoU 40.0' in text
    assert 'mIoU 50.0 -> 40.0 on 7 photos' in verdict.choice()


@pytest.mark.parametrize('confidence, change', [(0.6, '+10.0'), (0.4, '-10.0')])
def test_few_true_masks_do_not_decide(confidence, change):
    nothing = [np.nan] * 21
    before = fits([0.5] * 40, [0.9] * 19 + nothing)
    after = fits([confidence] * 40, [0.2] * 19 + nothing)
    verdict = judge(before, after, photos=3, iters=10)
    assert verdict.measure == 'confidence' and not verdict.known
    # Nobody knows better, so what was asked for is used.
    assert verdict.improved
    text = verdict.summary()
    assert f'not known to be better: confidence changed by {change} points' in text
    assert 'draw 20 masks' in text and '--salient' not in text
    assert 'without true masks it is not known' in verdict.choice()


def test_a_change_within_chance_is_said():
    before = fits([0.5] * 30, [0.5] * 30)
    after = fits([0.5] * 30, 0.5 + np.linspace(-0.2, 0.21, 30))
    assert 'but perhaps only by chance' in judge(before, after, 3, 10).summary()
    after = fits([0.5] * 30, 0.5 + np.linspace(-0.21, 0.2, 30))
    assert 'no better than before' in judge(before, after, 3, 10).summary()


def test_json():
    verdict = judge(fits([0.5] * 3, [np.nan] * 3), fits([0.4] * 3, [np.nan] * 3), 2, 30)
    assert Verdict.from_json(verdict.to_json()) == verdict
    # Without true masks it is not known.
    assert verdict.to_json()['improved'] is None
    better = judge(fits([0.5] * 30, [0.5] * 30), fits([0.5] * 30, [0.6] * 30), 3, 10)
    assert better.to_json()['improved'] is True


def test_other_boxes_are_refused():
    one, other = fits([0.5] * 3, [0.5] * 3), fits([0.5] * 2, [0.5] * 2)
    with pytest.raises(ValueError, match='differ'):
        judge(one, other, 1, 1)
