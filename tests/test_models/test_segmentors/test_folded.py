"""The network of predictions against the one that is trained."""

from dataclasses import replace

import numpy as np
import pytest
import tiny
import torch
from mmengine.registry import MODELS
from torch import nn

from mmboxcaseg.models.segmentors.folded import fold_backbone, fold_head, scale_of

CROPS = np.random.default_rng(0).integers(0, 256, (3, 3, 32, 32), dtype=np.uint8)


@torch.no_grad()
def plain(net, options=None):
    """What the trained layers make of the crops."""
    patches = net.data_preprocessor.normalize(torch.from_numpy(CROPS))
    return net.encode_decode(patches, options=options).numpy()


def norms(module):
    return [one for one in module.modules() if isinstance(one, nn.BatchNorm2d)]


@pytest.mark.parametrize(
    'head', ['weak', 'salient', 'transferred', 'fused', ('weak', 'transferred')]
)
@pytest.mark.parametrize('keys', [{}, dict(channels_last=True), dict(fuse='logit')])
def test_same_probabilities(head, keys):
    net = tiny.model(**keys).eval()
    options = replace(net.predict_options, head=head)
    found = net.network(options)(CROPS)
    assert found.dtype == np.float32 and found.shape == (3, 32, 32)
    np.testing.assert_allclose(found, plain(net, options), atol=1e-5)


@pytest.mark.parametrize(
    ('backbone', 'channels'),
    [
        (tiny.narrow_hrnet(), 4 * 15),
        (
            dict(type='mmseg.MobileNetV2', widen_factor=0.25, out_indices=(1, 2, 4, 6)),
            8 + 8 + 24 + 80,
        ),
    ],
)
def test_no_norm_is_left(backbone, channels):
    net = tiny.model(channels=channels, backbone=backbone).eval()
    folded = net.fold(net.predict_options, torch.randn(1, 3, 64, 64))
    assert norms(net) and not norms(folded)
    patches = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        found = net.combined(folded(patches), net.predict_options)
        expected = net.encode_decode(patches)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_scale_by_hand():
    norm = nn.BatchNorm2d(2, eps=0.75)
    norm.running_mean[:] = torch.tensor([3.0, -1])
    norm.running_var[:] = torch.tensor([0.25, 3.25])
    norm.weight.data[:] = torch.tensor([2.0, 4])
    norm.bias.data[:] = torch.tensor([1.0, 5])
    # Divided by 1 and by 2: 2 (x - 3) + 1 and 4 (x + 1) / 2 + 5.
    factor, offset = scale_of(norm)
    assert factor.tolist() == [2, 2] and offset.tolist() == [-5, 7]
    assert scale_of(nn.GroupNorm(1, 2)) is None
    assert scale_of(nn.BatchNorm2d(2, track_running_stats=False)) is None


class ActivatedNorm(nn.BatchNorm2d):
    """A norm that holds its activation, as those of timm do."""

    def __init__(self, channels):
        super().__init__(channels)
        self.drop, self.act = nn.Identity(), nn.ReLU6()

    def forward(self, x):
        return self.act(self.drop(super().forward(x)))


class WithActivatedNorms(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 4, 3, padding=1), ActivatedNorm(4)
        self.conv2, self.bn2 = nn.Conv2d(4, 2, 1, bias=False), ActivatedNorm(2)

    def forward(self, x):
        x = self.bn1(self.conv1(x))
        return x, self.bn2(self.conv2(x))


def test_the_activation_of_a_norm_stays():
    backbone = WithActivatedNorms().eval()
    for norm in norms(backbone):
        nn.init.uniform_(norm.running_mean, -1, 1)
        nn.init.uniform_(norm.weight, 5, 9)
    sample = torch.randn(2, 3, 8, 8)
    folded = fold_backbone(backbone, sample)
    assert len(norms(backbone)) == 2 and not norms(folded)
    with torch.no_grad():
        for one, other in zip(folded(sample), backbone(sample), strict=True):
            # Both ends of the activation are reached.
            assert other.min() == 0 and other.max() == 6
            torch.testing.assert_close(one, other, atol=1e-5, rtol=0)


class OtherOrder(nn.Module):
    """Its norm stands behind the convolution and is applied before it."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.norm = nn.BatchNorm2d(3)

    def forward(self, x):
        return (self.conv(self.norm(x)),)


def test_a_backbone_of_another_order_stays_as_it_is():
    backbone = OtherOrder().eval()
    backbone.norm.running_mean += 1
    assert fold_backbone(backbone, torch.randn(1, 3, 8, 8)) is backbone
    assert norms(backbone)


def test_other_norms_stay_as_they_are():
    norm_cfg = dict(type='GN', num_groups=2)
    head = dict(type='SegmentationHead', in_channels=tiny.CHANNELS, norm_cfg=norm_cfg)
    net = tiny.model(weak_head=head, test_cfg=dict(head='weak')).eval()
    assert fold_head(net.weak_head) is None
    assert net.fold(net.predict_options, torch.randn(1, 3, 32, 32)) is None
    np.testing.assert_allclose(net.network()(CROPS), plain(net), atol=1e-6)


def test_in_training_mode_nothing_is_folded():
    net = tiny.model().train()
    assert net.folded_network(net.predict_options, torch.randn(1, 3, 32, 32)) is None
    found = net.network()(CROPS)
    assert np.abs(found - plain(net.eval())).max() > 1e-3


def test_folded_once_and_forgotten(monkeypatch):
    net = tiny.model().eval()
    calls = []
    fold = type(net).fold
    monkeypatch.setattr(
        type(net), 'fold', lambda self, *args: calls.append(1) or fold(self, *args)
    )
    first = net.network()(CROPS)
    assert (net.network()(CROPS) == first).all() and len(calls) == 1
    net.backbone.first[0].weight.data.mul_(-1)
    changed = net.eval().network()(CROPS)
    assert len(calls) == 2 and np.abs(changed - first).max() > 1e-3
    np.testing.assert_allclose(changed, plain(net), atol=1e-5)
    # The model's own layers and weights are untouched by it.
    assert norms(net) and net.state_dict().keys() == tiny.model().state_dict().keys()


def test_a_compiled_model_compiles_it(monkeypatch):
    compiled = []
    monkeypatch.setattr(
        nn.Module, 'compile', lambda self, **options: compiled.append((self, options))
    )
    net = MODELS.build(tiny.model_cfg(compile=dict(dynamic=True))).eval()
    compiled.clear()
    net.network()(CROPS)
    ((folded, options),) = compiled
    assert type(folded).__name__ == 'FoldedNetwork' and options == dict(dynamic=True)
