from dataclasses import FrozenInstanceError, replace

import pytest
import tiny
from mmengine.config import ConfigDict

from mmboxcaseg.head_names import HEADS, PREDICTIONS
from mmboxcaseg.models import PredictOptions


def test_defaults():
    options = PredictOptions.from_cfg(None, HEADS)
    assert options == PredictOptions() == tiny.model().predict_options
    assert options == PredictOptions(
        crops_per_batch=32,
        head='fused',
        threshold=0.5,
        min_threshold=None,
        min_max=True,
        with_probs=False,
        merge_exponent=None,
        merge_tolerance=1.0,
        flip=False,
        precision='fp32',
    )


def test_from_a_config():
    cfg = ConfigDict(head=['weak', 'salient'], flip=True, min_threshold=0.3)
    options = PredictOptions.from_cfg(cfg, HEADS)
    assert options.head == ('weak', 'salient') and options.flip
    assert tiny.model(test_cfg=cfg).predict_options == options
    assert replace(options, head='weak').min_threshold == 0.3
    with pytest.raises(FrozenInstanceError):
        options.head = 'weak'


@pytest.mark.parametrize(
    'head, built, expected',
    [
        ('fused', HEADS, ('salient', 'transferred')),
        ('fused', ['weak'], ('weak',)),
        ('fused', ['weak', 'salient'], ('salient',)),
        ('fused', ['transferred'], ('transferred',)),
        ('weak', HEADS, ('weak',)),
        (['transferred', 'weak'], HEADS, ('transferred', 'weak')),
    ],
)
def test_heads_that_are_needed(head, built, expected):
    assert PredictOptions(head=head).heads(built) == expected


def test_names_of_predictions_are_heads_to_ask_for():
    for head in PREDICTIONS:
        assert set(PredictOptions(head=head).heads(HEADS)) <= set(HEADS)


def test_unknown_precision():
    with pytest.raises(ValueError, match="precision is 'fp8'"):
        tiny.model(test_cfg=dict(precision='fp8'))
    with pytest.raises(ValueError, match="precision is 'fp8'"):
        replace(PredictOptions(), precision='fp8')


@pytest.mark.parametrize('exponent', [-0.1, float('nan')])
def test_merge_exponent_is_checked(exponent):
    with pytest.raises(ValueError, match='merge_exponent is'):
        tiny.model(test_cfg=dict(merge_exponent=exponent))


@pytest.mark.parametrize(
    ('tolerance', 'message'),
    [(0.9, 'but it must be at least 1'), (1.2, 'which needs merge_exponent')],
)
def test_merge_tolerance_is_checked(tolerance, message):
    with pytest.raises(ValueError, match=f'merge_tolerance is {tolerance}, {message}'):
        tiny.model(test_cfg=dict(merge_tolerance=tolerance))


@pytest.mark.parametrize('low', [-0.1, 0.6])
def test_min_threshold_is_checked(low):
    with pytest.raises(
        ValueError, match=rf'min_threshold is {low}, .* in \[0, threshold=0.5\]'
    ):
        tiny.model(test_cfg=dict(min_threshold=low))


@pytest.mark.parametrize('wrong', [[], ['weak', 'fused'], 'best'])
def test_head_is_checked(wrong):
    with pytest.raises(ValueError, match='of the heads'):
        tiny.model(test_cfg=dict(head=wrong))
    with pytest.raises(ValueError, match='of the heads'):
        PredictOptions(head=wrong)


def test_unknown_keys_are_named():
    with pytest.raises(
        ValueError, match=r"keys \['crops'\]; it knows \['crops_per_batch', .*\]"
    ):
        PredictOptions.from_cfg(dict(crops=3), HEADS)
