"""Reading the weights of a checkpoint without running code from it."""

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

# Prefix of the path of a checkpoint, in ``load_from`` of a config and wherever
# else mmengine takes a path. It makes read_checkpoint read the checkpoint.
WEIGHTS_ONLY = 'weights-only:'
# Prefix of the name of weights that ship with the package, in the same places.
PACKAGED = 'mmboxcaseg://'


def _method_of_history(owner: Any, name: str) -> Callable:
    """Replace ``getattr`` in mmengine's checkpoints, for its log values only.

    Raises:
        pickle.UnpicklingError: If another attribute is asked for.
    """
    if owner is not HistoryBuffer or name not in ('current', 'max', 'mean', 'min'):
        raise pickle.UnpicklingError(f'getattr of {owner!r}, {name!r}')
    return getattr(owner, name)


def _harmless() -> AbstractContextManager:
    """Allow torch to read the log values that mmengine saves with weights."""
    if not hasattr(torch.serialization, 'safe_globals'):
        return contextlib.nullcontext()
    # NumPy has moved these functions; old checkpoints have their old names.
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
        allow_unsafe (bool): Whether the checkpoint may contain any Python
            object. Loading such a file can run any code. Defaults to False:
            it may contain only tensors, plain containers and mmengine's log
            values.

    Returns:
        dict: Content of the checkpoint, with tensors on the CPU.

    Raises:
        OSError: If the file can't be read.
        ValueError: If the file is no checkpoint, or needs ``allow_unsafe``.
    """
    try:
        with _harmless():
            content = torch.load(
                path, map_location='cpu', weights_only=not allow_unsafe
            )
    except pickle.UnpicklingError as error:
        # torch's message explains at length how to disable the check.
        reason = re.split(r'\n|\. This file can still', str(error))
        named = re.search(r'(?:GLOBAL|class|global) [\w.]+', str(error))
        raise ValueError(
            f'{path} is not read: besides weights it contains Python objects that '
            'may run any code when they are loaded '
            f'({named.group() if named else reason[0]}). If you trust its source, '
            'allow it with --allow-unsafe-checkpoint '
            '(allow_unsafe=True in Python)'
        ) from error
    # torch raises these for files that are incomplete or of another kind.
    except (EOFError, LookupError, RuntimeError) as error:
        raise ValueError(
            f'{path} is not a complete checkpoint of torch; get it again'
        ) from error
    if not isinstance(content, dict):
        raise ValueError(
            f'{path} contains a {type(content).__name__}, not a dictionary of weights'
        )
    return content


@CheckpointLoader.register_scheme(prefixes=WEIGHTS_ONLY)
def load_from_weights_only(filename: str, map_location: Any) -> dict[str, Any]:
    """Read a checkpoint for mmengine, without running code from it.

    Args:
        filename (str): Path of the checkpoint after ``weights-only:``.
        map_location (Any): Not used: mmengine moves the weights to the
            model's device.

    Returns:
        dict: Content of the checkpoint, see :func:`read_checkpoint`.

    Raises:
        ValueError: If :func:`read_checkpoint` raises it.
    """
    return read_checkpoint(filename[len(WEIGHTS_ONLY) :])


@CheckpointLoader.register_scheme(prefixes=PACKAGED)
def load_packaged(filename: str, map_location: Any) -> dict[str, Any]:
    """Read weights that ship with the package, for mmengine.

    Args:
        filename (str): Name of the weights after ``mmboxcaseg://``.
        map_location (Any): Not used: mmengine moves the weights to the
            model's device.

    Returns:
        dict: Content of the checkpoint.

    Raises:
        FileNotFoundError: If this copy of the package has no such weights.
    """
    name = filename[len(PACKAGED) :]
    path = Path(__file__).resolve().parent.parent / 'weights' / f'{name}.pth'
    if not path.is_file():
        raise FileNotFoundError(
            f'{filename}: this copy of mmboxcaseg has no weights {path}'
        )
    return read_checkpoint(str(path))


def weights_of(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """Get the weights of a checkpoint by their names in an unwrapped model.

    Args:
        checkpoint (dict): Weights by name, or a dictionary that has them as
            ``state_dict``. The model may have been wrapped for several
            processes.

    Returns:
        dict: Tensors by name.

    Example:
        >>> weights_of({'state_dict': {'module.head.bias': 0.5}})
        {'head.bias': 0.5}
    """
    return {
        re.sub(r'^module\.', '', name): value
        for name, value in checkpoint.get('state_dict', checkpoint).items()
    }


def check_weights(model: nn.Module, checkpoint: dict[str, Any]) -> None:
    """Check that a checkpoint has all weights of a model.

    mmengine itself only warns, and the masks of a random network can be taken
    for a result.

    Args:
        model (nn.Module): The model, perhaps wrapped for several processes.
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
            f'such as {unset[0]}; give the config that it was trained with'
        )
