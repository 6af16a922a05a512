import numpy as np
import pytest
import torch

pytest.importorskip('mmcv._ext', reason="mmdet's heads need mmcv's operators")
from mmboxcaseg.models import ShapePropHead, pass_messages  # noqa: E402

CLASSES = 4  # Three and an extra one.


@pytest.fixture
def head():
    torch.manual_seed(0)
    net = ShapePropHead(
        num_convs=2,
        in_channels=3,
        conv_out_channels=5,
        latent_channels=2,
        num_classes=3,
        num_extra_classes=1,
    )
    net.init_weights()
    return net


def feats(rois, seed=1):
    return torch.randn(rois, 3, 6, 6, generator=torch.Generator().manual_seed(seed))


def test_layers_of_the_paper():
    with torch.device('meta'):
        net = ShapePropHead(num_classes=20, num_extra_classes=1)
    tower = 4 * (256 * 256 * 9 + 256)
    maps, weights = 256 * 22 + 22, 256 * 24 * 9 + 24 * 9
    coder = (24 * 9 + 24) + 2 * (24 * 24 * 9 + 24)
    decoder = 2 * (24 * 24 * 9 + 24) + (24 * 9 + 1)
    assert sum(p.numel() for p in net.parameters()) == (
        2 * tower + maps + weights + coder + decoder
    )
    assert net.num_classes == 21


def test_weights_start_by_fan_out(head):
    for name, parameter in head.named_parameters():
        if name.endswith('bias'):
            assert (parameter == 0).all(), name
    with torch.random.fork_rng():
        torch.manual_seed(0)
        full = ShapePropHead(num_convs=1, in_channels=64, conv_out_channels=64)
        full.init_weights()
    expected = (2 / (64 * 9)) ** 0.5
    assert full.activating[0].weight.std().item() == pytest.approx(expected, rel=0.02)


def test_shapes_of_the_maps(head):
    maps = head.activate(feats(7))
    assert maps.shape == (7, CLASSES + 1, 6, 6)
    assert head.propagate(feats(7), maps[:, 2]).shape == (7, 6, 6)
    assert head.propagate(feats(0), maps[:0, 2]).shape == (0, 6, 6)


def test_saliency_passes_along_the_weights(head):
    saliency = torch.randn(2, 6, 6)
    passed = pass_messages(
        head.encoder(saliency[:, None]),
        head.neighbour_weights(head.propagating(feats(2))).sigmoid(),
    )
    expected = head.decoder(passed)[:, 0]
    torch.testing.assert_close(head.propagate(feats(2), saliency), expected)


def test_class_logits_are_means_of_maps(head):
    maps = head.activate(feats(3)).detach()
    labels = [2, 4, 0]
    total = 0.0
    for roi, label in zip(maps.double().numpy(), labels):
        logits = [channel.mean() for channel in roi]
        total -= logits[label] - np.log(sum(np.exp(logits)))
    loss = head.loss_activating(maps, torch.tensor(labels))
    assert loss.item() == pytest.approx(total / 3, rel=1e-5)


def test_loss_of_shapes(head):
    shapes = torch.randn(2, 6, 6, generator=torch.Generator().manual_seed(0))
    targets = (
        torch.rand(2, 6, 6, generator=torch.Generator().manual_seed(1)) > 0.5
    ).float()
    expected = np.mean(
        [
            np.log1p(np.exp(-logit if target else logit))
            for logit, target in zip(
                shapes.double().flatten().tolist(), targets.flatten().tolist()
            )
        ]
    )
    loss = head.loss_propagating(shapes, targets).item()
    assert loss == pytest.approx(expected, rel=1e-5)
    head.loss_propagating_weight = 0.5
    assert head.loss_propagating(shapes, targets).item() == pytest.approx(loss / 2)


def test_zero_with_a_graph(head):
    maps = head.activate(feats(0))
    shapes = head.propagate(feats(0), maps[:, 0])
    total = head.loss_activating(maps, torch.zeros(0).long())
    total = total + head.loss_propagating(shapes, torch.zeros(0, 6, 6))
    assert total.item() == 0
    total.backward()
    for name, parameter in head.named_parameters():
        assert (parameter.grad == 0).all(), name
