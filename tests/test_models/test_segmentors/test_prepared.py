"""The transferred head's weights are produced once for all predictions."""

import copy
from contextlib import nullcontext
from dataclasses import replace

import pytest
import tiny
import torch
from mmengine.hooks import EMAHook
from mmengine.model import ExponentialMovingAverage
from mmengine.runner.checkpoint import load_state_dict
from mmengine.structures import InstanceData
from mmseg.structures import SegDataSample


def predict(net):
    """Probabilities of a box, float32."""
    sample = SegDataSample()
    sample.prompt_instances = InstanceData(
        rects=torch.tensor([[0, 0, tiny.SIZE, tiny.SIZE]])
    )
    generator = torch.Generator().manual_seed(0)
    crop = torch.randint(
        0, 256, (1, 3, tiny.SIZE, tiny.SIZE), dtype=torch.uint8, generator=generator
    )
    (sample,) = net.predict([crop], [sample])
    return sample.pred_instances.probs[0]


def model(seed=0, **kwargs):
    return tiny.model(
        seed, test_cfg=dict(head='transferred', with_probs=True, **kwargs)
    )


@pytest.fixture
def net():
    return model().eval()


@pytest.fixture
def made(net, monkeypatch):
    """A list that grows whenever the weights of ``net`` are produced."""
    calls = []
    transfer = net.transferred_head.transfer

    def counted(weak_head):
        calls.append(weak_head)
        return transfer(weak_head)

    monkeypatch.setattr(net.transferred_head, 'transfer', counted)
    return calls


def unprepared(net):
    """What a model with the same weights predicts that keeps nothing."""
    other = model()
    other.load_state_dict(net.state_dict())
    return predict(other.eval())


def change(net):
    """Other weights in place, where no version counter sees it."""
    for name in ('conv', 'conv_seg'):
        getattr(net.weak_head, name).weight.data.mul_(-1.5)


def test_once_for_all_predictions(net, made):
    assert not made
    results = [predict(net) for _ in range(3)]
    assert len(made) == 1
    inputs, _ = tiny.patches(['box'])
    with torch.no_grad():
        net.encode_decode(inputs)
    assert len(made) == 1
    for probs in results:
        assert (probs == unprepared(net)).all()


def test_training_produces_them_in_every_step(net, made):
    predict(net)
    net.train()
    inputs, samples = tiny.patches(['mask', 'box'])
    for _ in range(2):
        net.loss(inputs, samples)
    predict(net)
    assert len(made) == 4


def test_training_changes_them(net, made):
    before = predict(net)
    net.train()
    change(net)
    after = predict(net.eval())
    assert len(made) == 2
    assert (after == unprepared(net)).all() and (after != before).any()


def test_swapped_in_place_and_then_eval(net):
    before = predict(net)
    change(net)
    after = predict(net.eval())
    assert (after == unprepared(net)).all() and (after != before).any()


def test_ema_weights_between_two_evaluations(net):
    """What mmengine's hook does before eval() in its loops, and after."""
    hook = EMAHook()
    hook.src_model, hook.ema_model = net, ExponentialMovingAverage(model(1))
    trained = predict(net)
    hook.before_val_epoch(None)
    averaged = predict(net.eval())
    assert (averaged == unprepared(net)).all() and (averaged != trained).any()
    hook.after_val_epoch(None)
    assert (predict(net.eval()) == trained).all()


@pytest.mark.parametrize(
    'load',
    [
        lambda net, weights: net.load_state_dict(weights),
        lambda net, weights: net.load_state_dict(weights, assign=True),
        load_state_dict,
    ],
)
def test_loading_a_state_dict(net, load):
    before = predict(net)
    other = model(1).eval()
    load(net, other.state_dict())
    after = predict(net)
    assert (after == predict(other)).all() and (after != before).any()


@pytest.mark.parametrize(
    'move',
    [
        lambda net: net.double().float(),
        lambda net: net.bfloat16().float(),
        lambda net: net.to(memory_format=torch.channels_last),
    ],
)
def test_moving_and_casting(net, made, move):
    predict(net)
    move(net)
    after = predict(net)
    assert len(made) == 2
    assert (after == predict(copy.deepcopy(net).eval())).all()


def test_a_copy_has_its_own(net):
    predict(net)
    other = copy.deepcopy(net)
    change(other)
    assert (predict(other.eval()) == unprepared(other)).all()
    assert (predict(net) == unprepared(net)).all()
    # They are not part of the state.
    assert net.state_dict().keys() == model().state_dict().keys()


@pytest.mark.parametrize(
    'around',
    [
        lambda: torch.autocast('cpu', dtype=torch.bfloat16),
        torch.inference_mode,
        nullcontext,
    ],
)
def test_what_is_around_the_first_prediction_does_not_matter(net, around):
    with around():
        predict(net)
    assert (predict(net) == unprepared(net)).all()


def test_precision_of_the_prediction_does_not_matter():
    half = model(precision='bf16').eval()
    first = predict(half)
    assert (predict(half) == first).all()
    assert half.prepared_weights()[0].dtype == torch.float32


def test_gradients_reach_the_transfer(net):
    predict(net)
    inputs, _ = tiny.patches(['box'])
    net.encode_decode(inputs).sum().backward()
    assert net.transferred_head.transfer_conv.fc1.weight.grad.abs().sum() > 0


def test_other_heads_need_none(made, net):
    inputs, _ = tiny.patches(['box'])
    with torch.no_grad():
        net.encode_decode(inputs, options=replace(net.predict_options, head='weak'))
    assert not made


def test_the_deprecated_call_does_it_again(net, made):
    predict(net)
    change(net)
    with pytest.warns(DeprecationWarning, match='produce_transferred'):
        net.produce_transferred()
    assert len(made) == 2
    assert (predict(net) == unprepared(net)).all()
    assert len(made) == 2
