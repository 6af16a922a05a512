"""Further input channels of a backbone that was made for photos."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn


def add_input_channels(backbone: nn.Module, count: int) -> None:
    """Give the first convolution of a backbone further input channels.

    Their weights are 0, so the maps stay the same until they are trained. Weights
    of the backbone without them can still be loaded.

    Args:
        backbone (nn.Module): The backbone, which is changed in place. Its
            convolutions are registered in the order of their use.
        count (int): Number K of channels to add after the others.

    Raises:
        ValueError: If there is no convolution, or the first one has groups.
    """
    first = _first_convolution(backbone)
    if first is None or first.groups != 1:
        raise ValueError(
            f'{type(backbone).__name__} has no convolution that could take further '
            'channels first'
        )
    first.in_channels += count
    first.weight = nn.Parameter(_padded(first.weight.detach(), first.in_channels))
    first.register_load_state_dict_pre_hook(_pad_loaded)


@contextmanager
def zero_unless_loaded(backbone: nn.Module, start: int) -> Iterator[None]:
    """Set input channels to 0 that are initialised meanwhile.

    Weights that are loaded meanwhile, by an ``init_cfg`` of the type
    ``Pretrained``, stay as they are.

    Args:
        backbone (nn.Module): The backbone, which is changed in place.
        start (int): Index of the first of these channels.

    Yields:
        None: Nothing.
    """
    first = _first_convolution(backbone)
    if first is None:
        yield
        return
    loaded: list[str] = []

    def note(conv: nn.Conv2d, state: dict, prefix: str, *_: Any) -> None:
        loaded.extend(name for name in state if name == f'{prefix}weight')

    hook = first.register_load_state_dict_pre_hook(note)
    try:
        yield
    finally:
        hook.remove()
    if not loaded:
        first.weight.data[:, start:] = 0


def _first_convolution(backbone: nn.Module) -> nn.Conv2d | None:
    return next((x for x in backbone.modules() if isinstance(x, nn.Conv2d)), None)


def _padded(weight: torch.Tensor, channels: int) -> torch.Tensor:
    """The weight (C, D, K, K) with zeros up to the number of channels."""
    missing = channels - weight.shape[1]
    zeros = weight.new_zeros(len(weight), missing, *weight.shape[2:])
    return torch.cat([weight, zeros], 1)


def _pad_loaded(conv: nn.Conv2d, state: dict, prefix: str, *_: Any) -> None:
    """Add what the weight of a backbone without the channels lacks, in place."""
    name = f'{prefix}weight'
    if name in state and state[name].shape[1] < conv.in_channels:
        state[name] = _padded(state[name], conv.in_channels)
