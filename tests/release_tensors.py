"""The tensors of the authors' released weights: names, shapes, values."""

from pathlib import Path

import numpy as np
import tiny
import torch
from mmengine.config import Config

RELEASE_CONFIGS = Path(__file__).parents[1] / 'configs' / 'boxcaseg'
BN = ('weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked')


def conv(name, *shape, bias=False):
    """Names and shapes of a convolution or a linear layer."""
    result = {f'{name}.weight': shape}
    if bias:
        result[f'{name}.bias'] = shape[:1]
    return result


def norm(name, channels):
    """Names and shapes of a batch norm."""
    return {f'{name}.{param}': () if param == BN[-1] else (channels,) for param in BN}


def conv_norm(first, second, out, into, kernel):
    """Names and shapes of a convolution and the batch norm after it."""
    return conv(first, out, into, kernel, kernel) | norm(second, out)


def hrnet_tensors(width, stem_width, blocks, modules):
    """Names and shapes of HRNet's tensors, from its paper and code.

    Args:
        width (int): Channels at stride 4.
        stem_width (int): Inner channels of the first stage.
        blocks (int): Blocks of a branch, in every stage.
        modules (tuple): Modules of the stages 2, 3 and 4.
    """
    result = conv_norm('conv1', 'bn1', 64, 3, 3)
    result |= conv_norm('conv2', 'bn2', 64, 64, 3)
    into, out = 64, 4 * stem_width
    for block in range(blocks):
        name = f'layer1.{block}'
        result |= conv_norm(f'{name}.conv1', f'{name}.bn1', stem_width, into, 1)
        result |= conv_norm(f'{name}.conv2', f'{name}.bn2', stem_width, stem_width, 3)
        result |= conv_norm(f'{name}.conv3', f'{name}.bn3', out, stem_width, 1)
        if block == 0:
            result |= conv_norm(
                f'{name}.downsample.0', f'{name}.downsample.1', out, into, 1
            )
        into = out
    channels = [width * 2**branch for branch in range(4)]
    result |= conv_norm('transition1.0.0', 'transition1.0.1', width, out, 3)
    previous = [out, *channels[1:]]
    for stage, count in zip((2, 3, 4), modules):
        # A new branch, from the coarsest one before.
        name = f'transition{stage - 1}.{stage - 1}.0'
        result |= conv_norm(
            f'{name}.0', f'{name}.1', channels[stage - 1], previous[stage - 2], 3
        )
        for module in range(count):
            result |= hr_module(f'stage{stage}.{module}', channels[:stage], blocks)
    return result


def hr_module(name, channels, blocks):
    """Names and shapes of a module: its branches and what fuses them."""
    result = {}
    for i, out in enumerate(channels):
        for block in range(blocks):
            prefix = f'{name}.branches.{i}.{block}'
            for layer in (1, 2):
                result |= conv_norm(
                    f'{prefix}.conv{layer}', f'{prefix}.bn{layer}', out, out, 3
                )
        for j, into in enumerate(channels):
            prefix = f'{name}.fuse_layers.{i}.{j}'
            if j > i:
                result |= conv_norm(f'{prefix}.0', f'{prefix}.1', out, into, 1)
            for step in range(i - j):
                last = step == i - j - 1
                result |= conv_norm(
                    f'{prefix}.{step}.0',
                    f'{prefix}.{step}.1',
                    out if last else into,
                    into,
                    3,
                )
    return result


def head_tensors(channels):
    """Names and shapes of the authors' heads."""
    result = norm('transfer_bn', channels)
    for head in ('last_layer', 'fcn'):
        result |= conv(f'{head}.0', channels, channels, 1, 1, bias=True)
        result |= norm(f'{head}.1', channels)
        result |= conv(f'{head}.3', 1, channels, 1, 1, bias=True)
    for name in ('transfer1', 'transfer2'):
        result |= conv(f'{name}.fc1', 4 * channels, channels, bias=True)
        result |= conv(f'{name}.fc2', channels, 4 * channels, bias=True)
        result |= {f'{name}.k': (1,), f'{name}.b': (1,)}
    return result


def random_tensor(name, shape):
    """Random values that keep activations in a usual range."""
    if name.endswith('num_batches_tracked'):
        return torch.tensor(7)
    if len(shape) > 1:
        # Keeps the scale of what goes through a layer with a ReLU.
        fan_in = np.prod(shape[1:])
        return torch.randn(shape) * (2 / fan_in) ** 0.5
    if name.endswith('running_var') or name.endswith('weight'):
        return torch.empty(shape).uniform_(0.5, 1.5)
    return torch.randn(shape) * 0.3


def random_release():
    """Weights by the authors' names without prefix, of a narrow network."""
    shapes = hrnet_tensors(4, 4, 1, (1, 1, 1)) | head_tensors(60)
    return {name: random_tensor(name, size) for name, size in shapes.items()}


def narrow_release(name='hrnet_w48_voc_release.py'):
    """A config of the release with a network of 60 channels."""
    cfg = Config.fromfile(RELEASE_CONFIGS / name)
    cfg.model.backbone = tiny.narrow_hrnet()
    for head in ('weak_head', 'salient_head', 'transferred_head'):
        cfg.model[head].in_channels = 60
    return cfg


def prefixed(weights):
    """With the prefix of the authors' own files."""
    return {f'model.{name}': tensor for name, tensor in weights.items()}


def same_tensors(one, other):
    """Fail unless names, order, shapes, types and values are the same."""
    assert list(one) == list(other)
    for name, tensor in one.items():
        assert tensor.shape == other[name].shape, name
        assert tensor.dtype == other[name].dtype, name
        assert torch.equal(tensor, other[name]), name
