"""Weights out of a checkpoint, without running code from it."""

import contextlib
import pickle
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner.checkpoint import CheckpointLoader
from torch import nn

from .unwrapped import unwrapped

# Before the path of a checkpoint, in ``load_from`` of a config and wherever
# else mmengine takes one, it has the checkpoint read by read_checkpoint.
WEIGHTS_ONLY = 'weights-only:'
# Before the name of weights that come with the package, in the same places.
PACKAGED = 'mmboxcaseg://'


def _method_of_history(owner: Any, name: str) -> Callable:
    """What mmengine's checkpoints use ``getattr`` for, and nothing else.

    Raises:
        pickle.UnpicklingError: If anything else is asked for.
    """
    if owner is not HistoryBuffer or name not in ('current', 'max', 'mean', 'min'):
        raise pickle.UnpicklingError(f'getattr of {owner!r}, {name!r}')
    return getattr(owner, name)


def _harmless() -> AbstractContextManager:
    """Lets the log values pass that mmengine saves beside the weights."""
    if not hasattr(torch.serialization, 'safe_globals'):
        return contextlib.nullcontext()
    # NumPy moved them: old checkpoints name the old place.
    core = np._core if hasattr(np, '_core') else np.core
    names = [
        (getattr(core.multiarray, name), f'numpy.{place}.multiarray.{name}')
        for name in ('_reconstruct', 'scalar')
        for place in ('core', '_core')
    ]
    kinds = [type(np.dtype(code)) for code in ('f4', 'f8', 'i4', 'i8', 'b1')]
    return torch.serialization.safe_globals(
        [
            *names,
            (_method_of_history, 'builtins.getattr'),
            HistoryBuffer,
            np.ndarray,
            np.dtype,
            *kinds,
        ]
    )


def read_checkpoint(path: str, allow_unsafe: bool = False) -> dict[str, Any]:
    """Read a checkpoint, by default without running code from it.

    Args:
        path (str): Path of the checkpoint.
        allow_unsafe (bool): Whether it may name any Python object, and so run
            any code. Defaults to False: tensors, plain containers and the log
            values of mmengine only.

    Returns:
        dict: Its content, tensors on the CPU.

    Raises:
        ValueError: If it is no checkpoint, or needs ``allow_unsafe``.
    """
    try:
        with _harmless():
            content = torch.load(
                path, map_location='cpu', weights_only=not allow_unsafe
            )
    except pickle.UnpicklingError as error:
        # torch explains at length how to switch the check off for good.
        reason = re.split(r'\n|\. This file can still', str(error))
        named = re.search(r'(?:GLOBAL|class|global) [\w.]+', str(error))
        raise ValueError(
            f'{path} is not read: beside weights it holds Python objects that '
            'may run any code when they are loaded '
            f'({named.group() if named else reason[0]}). If you trust where '
            'it comes from, allow it with --allow-unsafe-checkpoint '
            '(allow_unsafe=True in Python)'
        ) from error
    # What torch's reader runs into where a file is another or cut short.
    except (EOFError, LookupError, RuntimeError) as error:
        raise ValueError(f'{path} is no whole checkpoint of torch') from error
    if not isinstance(content, dict):
        raise ValueError(
            f'{path} holds a {type(content).__name__}, not a dictionary of weights'
        )
    return content


@CheckpointLoader.register_scheme(prefixes=WEIGHTS_ONLY)
def load_from_weights_only(filename: str, map_location: Any) -> dict[str, Any]:
    """What mmengine calls; it moves the weights to the model's device."""
    return read_checkpoint(filename[len(WEIGHTS_ONLY) :])


@CheckpointLoader.register_scheme(prefixes=PACKAGED)
def load_packaged(filename: str, map_location: Any) -> dict[str, Any]:
    """What mmengine calls for weights that come with the package."""
    name = filename[len(PACKAGED) :]
    path = Path(__file__).resolve().parent.parent / 'weights' / f'{name}.pth'
    if not path.is_file():
        raise FileNotFoundError(
            f'{filename}: this copy of mmboxcaseg has no weights {path}'
        )
    return read_checkpoint(str(path))


def weights_of(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """The weights of a checkpoint by their names in an unwrapped model.

    Args:
        checkpoint (dict): Weights by name, or a dictionary that has them as
            ``state_dict``; of a model wrapped for several processes or not.

    Returns:
        dict: Tensors by name.
    """
    return {
        re.sub(r'^module\.', '', name): value
        for name, value in checkpoint.get('state_dict', checkpoint).items()
    }


def check_weights(model: nn.Module, checkpoint: dict[str, Any]) -> None:
    """Refuse a checkpoint that leaves weights of the model unset.

    mmengine itself only warns, and masks of a random network look like a
    result.

    Args:
        model (nn.Module): The model, wrapped for several processes or not.
        checkpoint (dict): Weights by name, or a dictionary that has them as
            ``state_dict``.

    Raises:
        ValueError: If a weight is missing or has another shape.
    """
    model = unwrapped(model)
    loaded = weights_of(checkpoint)
    unset = [
        name
        for name, value in model.state_dict().items()
        if not name.endswith('num_batches_tracked')
        and (name not in loaded or loaded[name].shape != value.shape)
    ]
    if unset:
        raise ValueError(
            f'the checkpoint does not belong to the config: {len(unset)} '
            'weights of the model are missing in it or have another shape, '
            f'such as {unset[0]}'
        )
