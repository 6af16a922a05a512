import numpy as np
import pytest
import slow
import torch
from torch import nn

from mmboxcaseg.models import SegmentationHead, TransferredHead, WeightTransfer
from mmboxcaseg.registry import MODELS

CHANNELS = 5


def numbers(tensor):
    return tensor.detach().numpy().astype(np.float64)


def make_maps(**kwargs):
    return [
        torch.randn(2, *shape, **kwargs)
        for shape in ((2, 4, 6), (2, 2, 3), (1, 1, 2))
    ]


def head_by_hand(maps, conv, norm, conv_seg):
    """Resized maps in a row, 1x1 convolution, BN with running statistics,
    ReLU, 1x1 convolution."""
    weight, bias = (numbers(x) for x in conv)
    seg_weight, seg_bias = (numbers(x) for x in conv_seg)
    height, width = maps[0].shape[2:]
    feats = [[
        slow.resize(numbers(channel), height, width) for x in maps
        for channel in x[b]
    ] for b in range(len(maps[0]))]
    feats = np.array(feats)
    result = np.zeros((len(feats), 1, height, width))
    for b, _, y, x in np.ndindex(*result.shape):
        hidden = weight[:, :, 0, 0] @ feats[b, :, y, x] + bias
        hidden = (hidden - numbers(norm.running_mean)
                  ) / np.sqrt(numbers(norm.running_var) + norm.eps)
        hidden = hidden * numbers(norm.weight) + numbers(norm.bias)
        hidden = np.maximum(hidden, 0)
        result[b, 0, y, x] = seg_weight[0, :, 0, 0] @ hidden + seg_bias[0]
    return result


def transfer_by_hand(module, weight, bias):
    """The MLP filter by filter, neuron by neuron."""
    fc1, fc2 = ([(numbers(w), b.item()) for w, b in zip(fc.weight, fc.bias)]
                for fc in (module.fc1, module.fc2))
    filters = []
    for row in numbers(weight).reshape(len(weight), -1):
        hidden = [w @ row + b for w, b in fc1]
        hidden = np.array([h if h > 0 else 0.1 * h for h in hidden])
        filters.append([w @ hidden + b for w, b in fc2])
    return (np.reshape(filters, weight.shape),
            module.k.item() * numbers(bias) + module.c.item())


def randomize(head):
    for norm in head.modules():
        if isinstance(norm, nn.BatchNorm2d):
            for tensor in (norm.weight, norm.bias, norm.running_mean,
                           norm.running_var):
                nn.init.uniform_(tensor, 0.5, 1.5)
        elif isinstance(norm, WeightTransfer):
            nn.init.uniform_(norm.k, 0.5, 2)
            nn.init.uniform_(norm.c, 0.5, 2)
    return head


@pytest.mark.parametrize('shape', [(5, 3, 1, 1), (4, 2, 3, 3), (1, 5, 1, 1)])
def test_weight_transfer_is_an_mlp_of_every_filter(shape):
    module = randomize(WeightTransfer(int(np.prod(shape[1:]))))
    weight, bias = torch.randn(shape), torch.randn(shape[0])
    assert module.fc1.out_features == 4 * module.fc1.in_features
    for actual, expected in zip(
            module(weight, bias), transfer_by_hand(module, weight, bias)):
        assert actual.shape == expected.shape
        np.testing.assert_allclose(numbers(actual), expected, atol=1e-5)


def test_segmentation_head():
    head = randomize(SegmentationHead(CHANNELS)).eval()
    feats = make_maps()
    expected = head_by_hand(feats, (head.conv.weight, head.conv.bias),
                            head.norm,
                            (head.conv_seg.weight, head.conv_seg.bias))
    np.testing.assert_allclose(numbers(head(feats)), expected, atol=1e-5)
    assert head.norm.momentum == 0.01


def test_transferred_head():
    weak = randomize(SegmentationHead(CHANNELS))
    head = randomize(TransferredHead(CHANNELS)).eval()
    feats = make_maps()
    conv = transfer_by_hand(head.transfer_conv, weak.conv.weight,
                            weak.conv.bias)
    conv_seg = transfer_by_hand(head.transfer_conv_seg, weak.conv_seg.weight,
                                weak.conv_seg.bias)
    expected = head_by_hand(feats, [torch.from_numpy(x) for x in conv],
                            head.norm, [torch.from_numpy(x) for x in conv_seg])
    actual = head(feats, head.transfer(weak))
    np.testing.assert_allclose(numbers(actual), expected, atol=1e-5)


def test_nothing_flows_back_to_the_weak_head():
    weak, head = SegmentationHead(CHANNELS), TransferredHead(CHANNELS)
    feats = make_maps(requires_grad=True)
    head(feats, head.transfer(weak)).square().mean().backward()
    assert all(p.grad is None for p in weak.parameters())
    assert all(p.grad.abs().sum() > 0 for p in head.transfer_conv.parameters())
    assert all(p.grad.abs().sum() > 0
               for p in head.transfer_conv_seg.parameters())
    assert all(x.grad.any() for x in feats)


def test_sizes_of_the_transfer_are_settings():
    head = MODELS.build(
        dict(
            type='TransferredHead',
            in_channels=CHANNELS,
            hidden_ratio=2,
            negative_slope=0.5,
            norm_cfg=dict(type='BN', momentum=0.3)))
    assert head.norm.momentum == 0.3
    for transfer in (head.transfer_conv, head.transfer_conv_seg):
        assert transfer.fc1.weight.shape == (2 * CHANNELS, CHANNELS)
        assert transfer.negative_slope == 0.5


def test_channels_must_add_up():
    with pytest.raises(ValueError, match=r'in_channels=4.*2 \+ 2 \+ 1 = 5'):
        SegmentationHead(4)(make_maps())
