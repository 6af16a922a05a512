"""Conversion of the weights that the authors of BoxCaseg released.

Only names change and tensors stay the same, so a conversion can be undone
exactly.
"""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from mmengine.config import Config
from torch import Tensor

from mmboxcaseg.registry import MODELS

# Our names by the authors' names, for all parts but the backbone.
RENAMED = {
    'last_layer.0': 'weak_head.conv',
    'last_layer.1': 'weak_head.norm',
    'last_layer.3': 'weak_head.conv_seg',
    'fcn.0': 'salient_head.conv',
    'fcn.1': 'salient_head.norm',
    'fcn.3': 'salient_head.conv_seg',
    'transfer1.fc1': 'transferred_head.transfer_conv.fc1',
    'transfer1.fc2': 'transferred_head.transfer_conv.fc2',
    'transfer1.k': 'transferred_head.transfer_conv.k',
    'transfer1.b': 'transferred_head.transfer_conv.c',
    'transfer2.fc1': 'transferred_head.transfer_conv_seg.fc1',
    'transfer2.fc2': 'transferred_head.transfer_conv_seg.fc2',
    'transfer2.k': 'transferred_head.transfer_conv_seg.k',
    'transfer2.b': 'transferred_head.transfer_conv_seg.c',
    'transfer_bn': 'transferred_head.norm',
}
BACKBONE = 'backbone.'
PREFIX = 'model.'
# Missing in files of PyTorch before 0.4.1. Loading works without it.
OPTIONAL = '.num_batches_tracked'
Tensors = Mapping[str, Tensor]


class Layout(NamedTuple):
    """Properties of one of the authors' files that our names do not have.

    Attributes:
        prefix (str): Prefix of all names, ``'model.'`` or ``''``.
        scalar_shape (tuple[int, ...]): Shape of k and b, (1,) or ().
        epoch (int): Number of the epoch, which their scripts print.
    """

    prefix: str = PREFIX
    scalar_shape: tuple[int, ...] = (1,)
    epoch: int = 0


def release_name(name: str) -> str:
    """The authors' name of one of our tensors.

    Args:
        name (str): Name in the state dict of a ``BoxCaseg``.

    Returns:
        str: Name in the authors' state dict, without prefix.

    Raises:
        ValueError: If the authors' network has no such part.

    Example:
        >>> release_name('weak_head.conv.weight')
        'last_layer.0.weight'
    """
    if name.startswith(BACKBONE):
        return name[len(BACKBONE) :]
    for theirs, ours in RENAMED.items():
        if name == ours or name.startswith(f'{ours}.'):
            return theirs + name[len(ours) :]
    raise ValueError(
        f"{name}: the authors' network has no such part; give "
        'the --config of a BoxCaseg with an HRNet and all heads'
    )


def is_scalar(name: str) -> bool:
    """Whether the tensor with one of our names is a k or c of the weight transfer."""
    return name.startswith('transferred_head.') and name[-2:] in ('.k', '.c')


def expected_tensors(config: str) -> dict[str, Tensor]:
    """The tensors that the model of a config has, without their values.

    Args:
        config (str): Path of the config.

    Returns:
        dict[str, Tensor]: Tensors on the device ``meta`` by our names.
    """
    model = Config.fromfile(config).model
    # Initial weights would be downloaded and not used.
    model.backbone.init_cfg = None
    with torch.device('meta'):
        return MODELS.build(model).state_dict()


def _renamed(
    source: Tensors, names: Mapping[str, str], expected: Tensors
) -> dict[str, Tensor]:
    """Rename tensors and check their names and shapes.

    Args:
        source (Mapping[str, Tensor]): Tensors by their old names.
        names (Mapping[str, str]): New names by the old ones.
        expected (Mapping[str, Tensor]): Tensors with the right shapes, by
            either the old or the new names.

    Returns:
        dict[str, Tensor]: Tensors by their new names, in the order of
        ``source``.

    Raises:
        ValueError: If ``source`` lacks a name, has an unknown one, or has a
            tensor of another shape. The message lists all of them.
    """
    missing = [
        name for name in names if name not in source and not name.endswith(OPTIONAL)
    ]
    unknown = [name for name in source if name not in names]
    if missing or unknown:
        raise ValueError(
            'these are not the weights of a BoxCaseg; '
            f'missing keys: {missing or "none"}; '
            f'unknown keys: {unknown or "none"}'
        )
    result, misshapen = {}, []
    for old, tensor in source.items():
        new = names[old]
        ours = new if new in expected else old
        shape = tuple(expected[ours].shape)
        if is_scalar(ours):
            fits = tensor.numel() == 1 and tensor.dim() <= 1
        else:
            fits = tuple(tensor.shape) == shape
        if not fits:
            misshapen.append(f'{old} is {tuple(tensor.shape)}, not {shape}')
        result[new] = tensor
    if misshapen:
        raise ValueError(
            'the tensors are those of another model; give its config with '
            f'--config: {"; ".join(misshapen)}'
        )
    return result


def from_release(
    source: Tensors, expected: Tensors
) -> tuple[dict[str, Tensor], Layout]:
    """Rename the authors' weights to our names.

    Args:
        source (Mapping[str, Tensor]): Weights by the authors' names, all with
            or all without the prefix ``'model.'``.
        expected (Mapping[str, Tensor]): Tensors of :func:`expected_tensors`.

    Returns:
        tuple[dict[str, Tensor], Layout]: The same tensors by our names, with
        k and c of shape (1,); and the layout that :func:`to_release` needs.

    Raises:
        ValueError: If a tensor is missing, unknown or of another shape.
    """
    prefixed = any(name.startswith(PREFIX) for name in source)
    prefix = PREFIX if prefixed else ''
    names = {prefix + release_name(name): name for name in expected}
    renamed = _renamed(source, names, expected)
    scalars = [name for name in renamed if is_scalar(name)]
    shapes = {tuple(renamed[name].shape) for name in scalars}
    if len(shapes) > 1:
        raise ValueError(
            f'k and b have the shapes {sorted(shapes)}, but must all have the same'
        )
    for name in scalars:
        renamed[name] = renamed[name].reshape(1)
    return renamed, Layout(prefix, shapes.pop()) if shapes else Layout(prefix)


def to_release(
    source: Tensors, expected: Tensors, layout: Layout | None = None
) -> dict[str, Tensor]:
    """Rename our weights to the authors' names, the inverse of ``from_release``.

    Args:
        source (Mapping[str, Tensor]): Weights of a ``BoxCaseg``.
        expected (Mapping[str, Tensor]): Tensors of :func:`expected_tensors`.
        layout (Layout, optional): Layout of :func:`from_release`. Defaults to
            None: that of the authors' own files.

    Returns:
        dict[str, Tensor]: The same tensors by the authors' names.

    Raises:
        ValueError: If a tensor is missing, unknown or of another shape.
    """
    layout = layout or Layout()
    names = {name: layout.prefix + release_name(name) for name in expected}
    renamed = _renamed(source, names, expected)
    for name in source:
        if is_scalar(name):
            renamed[names[name]] = source[name].reshape(layout.scalar_shape)
    return renamed
