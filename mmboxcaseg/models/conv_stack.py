"""Convolutions one after another."""

from collections.abc import Sequence

from mmengine.model import BaseModule, Sequential
from torch import nn

# As all convolutions of ShapeProp's heads start.
KAIMING = dict(
    type='Kaiming',
    layer='Conv2d',
    mode='fan_out',
    nonlinearity='relu',
    bias=0,
    distribution='normal',
)


def conv_stack(channels: Sequence[int], last_relu: bool) -> BaseModule:
    """3x3 convolutions with ReLU between, that keep the size of a map.

    Args:
        channels (Sequence[int]): Channels of the input, and of the output of
            each convolution.
        last_relu (bool): Whether a ReLU comes after the last one too.

    Returns:
        BaseModule: The layers; weights start as by Kaiming He, biases at 0.
    """
    layers: list[nn.Module] = []
    for before, after in zip(channels, channels[1:]):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU()]
    if not last_relu:
        layers.pop()
    return Sequential(*layers, init_cfg=KAIMING)
