"""BoxCaseg with the other boxes of a photo as further channels."""

from dataclasses import replace

import numpy as np
import pytest
import tiny
import torch
from mmengine.runner import load_checkpoint

from mmboxcaseg.models.segmentors.input_channels import add_input_channels
from mmboxcaseg.models.segmentors.onnx_export import ExportedNetwork, onnx_content
from mmboxcaseg.prediction.onnx_model import OnnxNetwork


@torch.no_grad()
def plain(net, crops, options):
    patches = net.data_preprocessor.normalize(torch.from_numpy(crops))
    return net.encode_decode(patches, options=options).numpy()


def crops(count, channels, size=32):
    rng = np.random.default_rng(0)
    made = rng.integers(0, 256, (count, channels, size, size), np.uint8)
    made[:, 3:] = 255 * (made[:, 3:] > 127)
    return made


def test_starts_as_the_model_without_them(tmp_path):
    before = tiny.model().eval()
    torch.save(before.state_dict(), tmp_path / 'before.pth')
    net = tiny.model(seed=1, other_boxes=True).eval()
    load_checkpoint(net, str(tmp_path / 'before.pth'), strict=True)
    options = net.predict_options
    given = crops(3, 5)
    expected = plain(before, np.ascontiguousarray(given[:, :3]), options)
    assert (plain(net, given, options) == expected).all()
    assert np.abs(net.network(options)(given) - expected).max() < 1e-4


def test_what_it_has_learnt_is_loaded(tmp_path):
    net = tiny.model(other_boxes=True).eval()
    torch.save(net.state_dict(), tmp_path / 'after.pth')
    again = tiny.model(seed=1, other_boxes=True).eval()
    load_checkpoint(again, str(tmp_path / 'after.pth'), strict=True)
    options, given = net.predict_options, crops(2, 5)
    found = plain(again, given, options)
    assert (found == plain(net, given, options)).all()
    # They do make a difference.
    given[:, 3:] = 0
    assert np.abs(found - plain(net, given, options)).max() > 1e-4


def test_initialised_with_zeros():
    keys = dict(type='mmseg.MobileNetV2', widen_factor=0.25, out_indices=(1, 2, 4, 6))
    net = tiny.model(channels=8 + 8 + 24 + 80, backbone=keys, other_boxes=True)
    net.init_weights()
    weight = net.backbone.conv1.conv.weight
    assert weight.shape[1] == 5 and not weight[:, 3:].any() and weight[:, :3].all()


def test_initialised_with_what_was_learnt(tmp_path):
    trained = tiny.model(other_boxes=True)
    torch.save(trained.state_dict(), tmp_path / 'trained.pth')
    init_cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'trained.pth'))
    net = tiny.model(seed=1, other_boxes=True, init_cfg=init_cfg)
    net.init_weights()
    expected = trained.backbone.first[0].weight
    assert (net.backbone.first[0].weight == expected).all() and expected[:, 3:].any()


def test_trains_them():
    net = tiny.model(other_boxes=True)
    samples = tiny.patches(['box', 'mask'])[1]
    patches = [torch.from_numpy(crop) for crop in crops(2, 5)]
    data = net.data_preprocessor(dict(inputs=patches, data_samples=samples), True)
    tiny.total(net.loss(**data)).backward()
    assert net.backbone.first[0].weight.grad[:, 3:].abs().sum() > 0


def test_exported():
    net = tiny.model(other_boxes=True).eval()
    options = replace(net.predict_options, head=('weak', 'salient'))
    given = crops(3, 5)
    content = onnx_content(ExportedNetwork(net, options, 32), 32)
    network = OnnxNetwork(content, 'a.onnx', threads=1)
    assert np.abs(network(given) - plain(net, given, options)).max() < 1e-4


@pytest.mark.parametrize('other_boxes', [False, True])
def test_another_number_of_channels(other_boxes):
    net = tiny.model(other_boxes=other_boxes).eval()
    given = crops(1, 3 if other_boxes else 5)
    with pytest.raises(ValueError, match=r'takes \d channels.*other_boxes must be'):
        net.network()(given)
    with pytest.raises(ValueError, match=r'takes \d channels'):
        net.extract_feat(torch.from_numpy(given).float())


def test_backbone_that_can_not_take_them():
    with pytest.raises(ValueError, match='Linear has no convolution'):
        add_input_channels(torch.nn.Linear(2, 2), 2)
    grouped = torch.nn.Sequential(torch.nn.Conv2d(4, 4, 1, groups=2))
    with pytest.raises(ValueError, match='Sequential has no convolution'):
        add_input_channels(grouped, 2)
