import numpy as np
import pytest
import torch
from head_cases import CHANNELS, head_by_hand, make_maps, numbers, randomize

from mmboxcaseg.models import SegmentationHead, TransferredHead, WeightTransfer
from mmboxcaseg.registry import MODELS


def transfer_by_hand(module, weight, bias):
    """The MLP filter by filter, neuron by neuron."""
    fc1, fc2 = (
        [(numbers(w), b.item()) for w, b in zip(fc.weight, fc.bias)]
        for fc in (module.fc1, module.fc2)
    )
    filters = []
    for row in numbers(weight).reshape(len(weight), -1):
        hidden = [w @ row + b for w, b in fc1]
        hidden = np.array([h if h > 0 else 0.1 * h for h in hidden])
        filters.append([w @ hidden + b for w, b in fc2])
    return (
        np.reshape(filters, weight.shape),
        module.k.item() * numbers(bias) + module.c.item(),
    )


@pytest.mark.parametrize('shape', [(5, 3, 1, 1), (4, 2, 3, 3), (1, 5, 1, 1)])
def test_weight_transfer_is_an_mlp_of_every_filter(shape):
    module = randomize(WeightTransfer(int(np.prod(shape[1:]))))
    weight, bias = torch.randn(shape), torch.randn(shape[0])
    assert module.fc1.out_features == 4 * module.fc1.in_features
    for actual, expected in zip(
        module(weight, bias), transfer_by_hand(module, weight, bias)
    ):
        assert actual.shape == expected.shape
        np.testing.assert_allclose(numbers(actual), expected, atol=1e-5)


@pytest.mark.parametrize('channels', [None, 3])
def test_transferred_head(channels):
    weak = randomize(SegmentationHead(CHANNELS, channels))
    head = randomize(TransferredHead(CHANNELS, channels)).eval()
    feats = make_maps()
    conv = transfer_by_hand(head.transfer_conv, weak.conv.weight, weak.conv.bias)
    conv_seg = transfer_by_hand(
        head.transfer_conv_seg, weak.conv_seg.weight, weak.conv_seg.bias
    )
    expected = head_by_hand(
        feats,
        [torch.from_numpy(x) for x in conv],
        head.norm,
        [torch.from_numpy(x) for x in conv_seg],
    )
    actual = head(feats, head.transfer(weak))
    np.testing.assert_allclose(numbers(actual), expected, atol=1e-5)


def test_nothing_flows_back_to_the_weak_head():
    weak, head = SegmentationHead(CHANNELS), TransferredHead(CHANNELS)
    feats = make_maps(requires_grad=True)
    head(feats, head.transfer(weak)).square().mean().backward()
    assert all(p.grad is None for p in weak.parameters())
    assert all(p.grad.abs().sum() > 0 for p in head.transfer_conv.parameters())
    assert all(p.grad.abs().sum() > 0 for p in head.transfer_conv_seg.parameters())
    assert all(x.grad.any() for x in feats)


def test_sizes_of_the_transfer_are_settings():
    head = MODELS.build(
        dict(
            type='TransferredHead',
            in_channels=CHANNELS,
            hidden_ratio=2,
            negative_slope=0.5,
            norm_cfg=dict(type='BN', momentum=0.3),
        )
    )
    assert head.norm.momentum == 0.3
    for transfer in (head.transfer_conv, head.transfer_conv_seg):
        assert transfer.fc1.weight.shape == (2 * CHANNELS, CHANNELS)
        assert transfer.negative_slope == 0.5
