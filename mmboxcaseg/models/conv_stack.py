"""Stacks of convolutions."""

from collections.abc import Sequence

from mmengine.model import BaseModule, Sequential
from torch import nn

# Initialisation of all convolutions of ShapeProp's heads.
KAIMING = dict(
    type='Kaiming',
    layer='Conv2d',
    mode='fan_out',
    nonlinearity='relu',
    bias=0,
    distribution='normal',
)


def conv_stack(channels: Sequence[int], last_relu: bool) -> BaseModule:
    """Build a stack of 3x3 convolutions with ReLU between them.

    The convolutions keep the size of a map.

    Args:
        channels (Sequence[int]): Numbers of channels: of the input, then of
            the output of each convolution.
        last_relu (bool): Whether a ReLU follows the last convolution too.

    Returns:
        BaseModule: The layers. Weights are initialised by Kaiming's method,
        biases with 0.
    """
    layers: list[nn.Module] = []
    for before, after in zip(channels, channels[1:]):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU()]
    if not last_relu:
        layers.pop()
    return Sequential(*layers, init_cfg=KAIMING)
