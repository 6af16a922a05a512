"""The weights that the authors of BoxCaseg released, by our names.

Every tensor is kept as it is; only names change, so what goes there and back
is the same again.
"""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from mmengine.config import Config
from torch import Tensor

from mmboxcaseg.registry import MODELS

# The authors' names of what is not the backbone, and ours.
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
# Absent from files written before PyTorch 0.4.1; loading makes up for it.
OPTIONAL = '.num_batches_tracked'
Tensors = Mapping[str, Tensor]


class Layout(NamedTuple):
    """What the names don't say of one of the authors' files.

    Attributes:
        prefix (str): Before every name, 'model.' or ''.
        scalar_shape (tuple[int, ...]): Shape of k and b, (1, ) or ().
        epoch (int): Which their scripts print.
    """

    prefix: str = PREFIX
    scalar_shape: tuple[int, ...] = (1,)
    epoch: int = 0


def release_name(name: str) -> str:
    """The authors' name, without prefix, of one of our tensors.

    Args:
        name (str): Name in the state dict of a ``BoxCaseg``.

    Returns:
        str: Name in theirs.

    Raises:
        ValueError: If they have no such part.
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
    """Whether one of our tensors is a k or c of the weight transfer."""
    return name.startswith('transferred_head.') and name[-2:] in ('.k', '.c')


def expected_tensors(config: str) -> dict[str, Tensor]:
    """Our tensors, as the model of a config has them, without memory.

    Args:
        config (str): Path of the config.

    Returns:
        dict[str, Tensor]: By our names, on the device ``meta``.
    """
    model = Config.fromfile(config).model
    # Weights to start from would be fetched for nothing.
    model.backbone.init_cfg = None
    with torch.device('meta'):
        return MODELS.build(model).state_dict()


def _renamed(
    source: Tensors, names: Mapping[str, str], expected: Tensors
) -> dict[str, Tensor]:
    """Rename tensors, in their order, and check them.

    Args:
        source (Mapping[str, Tensor]): The tensors.
        names (Mapping[str, str]): New name of each.
        expected (Mapping[str, Tensor]): Tensors of the right shapes by
            either the old or the new names.

    Returns:
        dict[str, Tensor]: By the new names.

    Raises:
        ValueError: If ``source`` misses one of ``names`` or has another one,
            or a tensor is of another shape. All are named.
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
            'tensors of another model, give its config by '
            f'--config: {"; ".join(misshapen)}'
        )
    return result


def from_release(
    source: Tensors, expected: Tensors
) -> tuple[dict[str, Tensor], Layout]:
    """The authors' weights by our names.

    Args:
        source (Mapping[str, Tensor]): Weights by their names, all with or
            all without the prefix 'model.'.
        expected (Mapping[str, Tensor]): What :func:`expected_tensors`
            returned.

    Returns:
        tuple[dict[str, Tensor], Layout]: The same tensors by our names, k
        and c of shape (1, ), and what the way back needs.

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
            f'k and b are of the shapes {sorted(shapes)}; all must be of one'
        )
    for name in scalars:
        renamed[name] = renamed[name].reshape(1)
    return renamed, Layout(prefix, shapes.pop()) if shapes else Layout(prefix)


def to_release(
    source: Tensors, expected: Tensors, layout: Layout | None = None
) -> dict[str, Tensor]:
    """Our weights by the authors' names, the way back.

    Args:
        source (Mapping[str, Tensor]): Weights of a ``BoxCaseg``.
        expected (Mapping[str, Tensor]): What :func:`expected_tensors`
            returned.
        layout (Layout): What :func:`from_release` returned. Defaults to that
            of the authors' own files.

    Returns:
        dict[str, Tensor]: The same tensors by their names.

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
