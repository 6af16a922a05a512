"""ImageNet weights against torchvision's forward pass, written out."""

from collections import OrderedDict

import pytest
import torch
import torch.nn.functional as F

from tools.model_converters import torchvision_mobilenet_v2 as converter

# Stride, expansion and index in torchvision's `features` of every block.
BLOCKS = [(1, 1, 1)] + [
    (stride if i == 0 else 1, 6, start + i)
    for stride, count, start in (
        (2, 2, 2),
        (2, 3, 4),
        (2, 4, 7),
        (1, 3, 11),
        (2, 3, 14),
        (1, 1, 17),
    )
    for i in range(count)
]


@pytest.fixture
def imagenet_weights(shared_data):
    path = shared_data / 'weights' / 'mobilenet_v2_imagenet.pt'
    if not path.is_file():
        pytest.skip(f'no ImageNet weights of MobileNetV2 at {path}')
    return path


def layer(x, weights, conv, bn, act=True, **kwargs):
    """Convolution, batch norm in evaluation mode, ReLU6, by formula."""
    x = F.conv2d(x, weights[f'{conv}.weight'], **kwargs)
    mean, var, gamma, beta = (
        weights[f'{bn}.{name}'].view(1, -1, 1, 1)
        for name in ('running_mean', 'running_var', 'weight', 'bias')
    )
    x = (x - mean) / torch.sqrt(var + 1e-5) * gamma + beta
    return x.clamp(0, 6) if act else x


def torchvision_features(x, weights):
    """Output of each block of ``features``, flat layout, written out."""
    x = layer(x, weights, 'features.0.0', 'features.0.1', stride=2, padding=1)
    outs = {}
    for stride, expansion, index in BLOCKS:
        prefix = f'features.{index}.conv'
        y, at = x, 0
        if expansion != 1:
            y, at = layer(y, weights, f'{prefix}.0', f'{prefix}.1'), 3
        y = layer(
            y,
            weights,
            f'{prefix}.{at}',
            f'{prefix}.{at + 1}',
            stride=stride,
            padding=1,
            groups=y.shape[1],
        )
        y = layer(y, weights, f'{prefix}.{at + 3}', f'{prefix}.{at + 4}', act=False)
        x = x + y if y.shape == x.shape else y
        outs[index] = x
    outs[18] = layer(x, weights, 'features.18.0', 'features.18.1')
    return outs


def nested(flat):
    """The same weights as today's torchvision names them."""
    renamed = OrderedDict()
    for key, value in flat.items():
        words = key.split('.')
        if words[2] == 'conv':
            expanded = words[1] != '1'
            names = (
                ['0.0', '0.1', None, '1.0', '1.1', None, '2', '3']
                if expanded
                else ['0.0', '0.1', None, '1', '2']
            )
            words[3] = names[int(words[3])]
        renamed['.'.join(words)] = value
    return renamed


@pytest.mark.parametrize('layout', ['flat', 'nested'])
def test_mobilenet_v2_for_mmseg(imagenet_weights, tmp_path, run_tool, layout):
    from mmseg.models.backbones import MobileNetV2

    weights = torch.load(imagenet_weights, weights_only=True)
    source, out = tmp_path / 'source.pth', tmp_path / 'new' / 'out.pth'
    renamed = nested(weights) if layout == 'nested' else dict(weights)
    renamed['classifier.1.weight'] = torch.zeros(1000, 1280)
    torch.save(renamed, source)
    done = run_tool('model_converters/torchvision_mobilenet_v2', source, out)
    assert done.returncode == 0

    model = MobileNetV2(out_indices=(1, 2, 4, 6))
    converted = torch.load(out, weights_only=True)['state_dict']
    model.load_state_dict(converted, strict=True)
    model.eval()
    image = torch.randn(2, 3, 64, 96)
    with torch.no_grad():
        features = model(image)
        expected = torchvision_features(image, weights)
    for feature, index in zip(features, (3, 6, 13, 17)):
        torch.testing.assert_close(feature, expected[index], rtol=1e-5, atol=1e-5)


def test_mobilenet_v2_for_mmdet(imagenet_weights):
    from mmdet.models.backbones import MobileNetV2

    weights = torch.load(imagenet_weights, weights_only=True)
    model = MobileNetV2(out_indices=(1, 2, 4, 7))
    model.load_state_dict(converter.convert_state_dict(weights, 'mmdet'))
    model.eval()
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        features = model(image)
        expected = torchvision_features(image, weights)
    for feature, index in zip(features, (3, 6, 13, 18)):
        torch.testing.assert_close(feature, expected[index], rtol=1e-5, atol=1e-5)


def test_mobilenet_v2_names_wrong_keys():
    weights = {}
    for conv, bn, _ in converter.module_pairs(nested=True, target='mmdet'):
        weights[f'{conv}.weight'] = torch.zeros(1)
        for param in ('weight', 'bias', 'running_mean', 'running_var'):
            weights[f'{bn}.{param}'] = torch.zeros(1)
    # Files older than num_batches_tracked convert as well.
    assert len(converter.convert_state_dict(weights, 'mmdet')) == 52 * 5
    assert len(converter.convert_state_dict(weights, 'mmseg')) == 51 * 5

    del weights['features.3.conv.0.1.bias']
    weights['features.19.weight'] = torch.zeros(1)
    with pytest.raises(ValueError) as error:
        converter.convert_state_dict(weights, 'mmseg')
    assert "missing keys: ['features.3.conv.0.1.bias']" in str(error.value)
    assert "unknown keys: ['features.19.weight']" in str(error.value)
    with pytest.raises(ValueError, match='mmpretrain'):
        converter.convert_state_dict(weights, 'mmpretrain')
    with pytest.raises(FileNotFoundError, match='nowhere.pth'):
        converter.load_source('nowhere.pth')
