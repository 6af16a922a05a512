"""Exported networks against PyTorch's."""

from dataclasses import replace

import numpy as np
import onnx
import onnx_files
import pytest
import slow
import tiny
import torch

from mmboxcaseg.models.segmentors.onnx_export import (
    GROUP,
    ExportedNetwork,
    ProductHeads,
    onnx_content,
    resizing,
    with_card,
)
from mmboxcaseg.prediction.onnx_model import KEY, OnnxNetwork, metadata

BACKBONES = dict(
    tiny=({}, tiny.CHANNELS, 32),
    hrnet=(dict(backbone=tiny.narrow_hrnet()), 4 * 15, 64),
    mobilenet=(
        dict(
            backbone=dict(
                type='mmseg.MobileNetV2', widen_factor=0.25, out_indices=(1, 2, 4, 6)
            )
        ),
        8 + 8 + 24 + 80,
        # Strides don't divide it.
        50,
    ),
)


def exported(net, options, size, half=False):
    network = ExportedNetwork(net, options, size)
    content = with_card(
        onnx_content(network, size),
        onnx_files.card(size),
        network.factors() if half else None,
    )
    return content, OnnxNetwork(content, 'a.onnx', threads=1)


@torch.no_grad()
def plain(net, crops, options):
    patches = net.data_preprocessor.normalize(torch.from_numpy(crops))
    return net.encode_decode(patches, options=options).numpy()


@pytest.mark.parametrize('head', ['weak', 'transferred', 'fused', ('weak', 'salient')])
@pytest.mark.parametrize('name', BACKBONES)
def test_same_probabilities_of_any_batch(name, head):
    keys, channels, size = BACKBONES[name]
    net = tiny.model(channels=channels, **keys).eval()
    options = replace(net.predict_options, head=head)
    content, network = exported(net, options, size)
    for count in (1, 3):
        crops = onnx_files.crops(count, size, count)
        found = network(crops)
        assert found.shape == (count, size, size)
        np.testing.assert_allclose(found, plain(net, crops, options), atol=1e-5)
    assert metadata(content)[KEY] == onnx_files.card(size).to_json()
    model = onnx.load_model_from_string(content)
    assert [one.version for one in model.opset_import if not one.domain] == [17]


def test_narrower_heads():
    head = dict(type='SegmentationHead', in_channels=tiny.CHANNELS, channels=5)
    transferred = dict(head, type='TransferredHead')
    net = tiny.model(
        weak_head=head, salient_head=head, transferred_head=transferred
    ).eval()
    options = replace(net.predict_options, head=('weak', 'salient', 'transferred'))
    crops = onnx_files.crops(2, 32)
    _, network = exported(net, options, 32, half=True)
    np.testing.assert_allclose(network(crops), plain(net, crops, options), atol=5e-3)
    folded = net.network(options)(crops)
    np.testing.assert_allclose(folded, plain(net, crops, options), atol=1e-4)


def stored(content):
    """Bytes of the weights of a file."""
    graph = onnx.load_model_from_string(content).graph
    arrays = [onnx.numpy_helper.to_array(one) for one in graph.initializer]
    return sum(array.nbytes for array in arrays if array.size >= 1024)


def test_weights_that_fit_half_precision_are_kept():
    keys, channels, size = BACKBONES['mobilenet']
    net = tiny.model(channels=channels, **tiny.without('transferred'), **keys).eval()
    for module in net.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.weight.data = module.weight.data.half().float()
    options = replace(net.predict_options, head=('weak', 'salient'))
    crops = onnx_files.crops(2, size)
    whole, _ = exported(net, options, size)
    halved, network = exported(net, options, size, half=True)
    assert stored(halved) == pytest.approx(stored(whole) / 2, rel=0.01)
    np.testing.assert_allclose(network(crops), plain(net, crops, options), atol=1e-5)


def test_weights_that_do_not_fit_are_refused():
    net = tiny.model(channels=60, backbone=tiny.narrow_hrnet()).eval()
    net.weak_head.conv.weight.data[0, -1] = 1e6
    options = replace(net.predict_options, head='weak')
    with pytest.raises(
        ValueError, match='weight_3 has values too large for half precision'
    ):
        exported(net, options, 64, half=True)


def test_a_channel_that_its_norm_switches_off():
    net = tiny.model(channels=60, backbone=tiny.narrow_hrnet()).eval()
    net.weak_head.norm.weight.data[3] = 0
    options = replace(net.predict_options, head='weak')
    _, network = exported(net, options, 64, half=True)
    crops = onnx_files.crops(1, 64)
    np.testing.assert_allclose(network(crops), plain(net, crops, options), atol=5e-3)


def test_resizing_by_a_matrix():
    for source, target in ((5, 40), (40, 40), (7, 3), (1, 4)):
        line = np.random.default_rng(0).random(source)
        expected = slow.resize(line[:, None], target, 1)[:, 0]
        found = resizing(source, target).double().numpy() @ line
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_hidden_channels_are_computed_in_groups():
    net = tiny.model().eval()
    folded = net.fold(net.predict_options, torch.randn(1, 3, 32, 32))
    side = 256
    feats = [torch.randn(2, 6, side, side), torch.randn(2, 10, 128, 128)]
    heads = ProductHeads(folded.heads, feats)
    # 2 heads of 16 channels.
    assert len(heads.groups) == -(-32 * side**2 // GROUP) > 1
    with torch.no_grad():
        torch.testing.assert_close(
            heads(feats), folded.heads(feats), atol=1e-4, rtol=1e-4
        )


def test_other_norms_are_refused():
    head = dict(
        type='SegmentationHead',
        in_channels=tiny.CHANNELS,
        norm_cfg=dict(type='GN', num_groups=2),
    )
    net = tiny.model(salient_head=head).eval()
    with pytest.raises(ValueError, match='another norm_cfg than batch normalisation'):
        ExportedNetwork(net, net.predict_options, 32)
