r"""Rename the authors' BoxCaseg weights for mmboxcaseg, or back (--reverse).

SOURCE is a file of the authors' release (pascal_epoch40_miou_0.718.pth,
COCO_epoch_50_miou0.717.pth) or of their training code. Every tensor is kept
as it is; only names change, so what goes there and back is the same again.

Predict with configs/boxcaseg/hrnet_w48_voc_release.py or
hrnet_w48_coco_release.py: the authors fuse the heads and normalise the input
otherwise than the paper's text has it.

Example:
    python tools/model_converters/boxcaseg_release.py \
        pascal_epoch40_miou_0.718.pth boxcaseg_hrnet_w48_voc.pth
"""
import argparse
import os
import os.path as osp
import pickle
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

DEFAULT_CONFIG = osp.join(
    osp.dirname(osp.abspath(__file__)),
    '../../configs/boxcaseg/hrnet_w48_voc_release.py')
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


class Layout(NamedTuple):
    """What the names don't say of one of the authors' files.

    Attributes:
        prefix (str): Before every name, 'model.' or ''.
        scalar_shape (tuple[int, ...]): Of k and b, (1, ) or ().
        epoch (int): Which their scripts print.
    """
    prefix: str = PREFIX
    scalar_shape: Tuple[int, ...] = (1, )
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
        return name[len(BACKBONE):]
    for theirs, ours in RENAMED.items():
        if name == ours or name.startswith(f'{ours}.'):
            return theirs + name[len(ours):]
    raise ValueError(f"{name}: the authors' network has no such part; give "
                     'the --config of a BoxCaseg with an HRNet and all heads')


def is_scalar(name: str) -> bool:
    """Whether one of our tensors is a k or c of the weight transfer."""
    return name.startswith('transferred_head.') and name[-2:] in ('.k', '.c')


def expected_tensors(config: str) -> Dict[str, Any]:
    """Our tensors, as the model of a config has them, without memory.

    Args:
        config (str): Path of the config.

    Returns:
        dict[str, Tensor]: By our names, on the device ``meta``.
    """
    import torch
    from mmengine.config import Config

    from mmboxcaseg.registry import MODELS
    model = Config.fromfile(config).model
    # Weights to start from would be fetched for nothing.
    model.backbone.init_cfg = None
    with torch.device('meta'):
        return MODELS.build(model).state_dict()


def _renamed(source: Mapping, names: Mapping[str, str],
             expected: Mapping) -> Dict[str, Any]:
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
        name for name in names
        if name not in source and not name.endswith(OPTIONAL)
    ]
    unknown = [name for name in source if name not in names]
    if missing or unknown:
        raise ValueError('these are not the weights of a BoxCaseg; '
                         f'missing keys: {missing or "none"}; '
                         f'unknown keys: {unknown or "none"}')
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
        raise ValueError('tensors of another model, give its config by '
                         f'--config: {"; ".join(misshapen)}')
    return result


def from_release(source: Mapping,
                 expected: Mapping) -> Tuple[Dict[str, Any], Layout]:
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
        raise ValueError(f'k and b are of the shapes {sorted(shapes)}; all '
                         'must be of one')
    for name in scalars:
        renamed[name] = renamed[name].reshape(1)
    return renamed, Layout(prefix, *shapes)


def to_release(source: Mapping, expected: Mapping,
               layout: Layout = Layout()) -> Dict[str, Any]:
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
    names = {name: layout.prefix + release_name(name) for name in expected}
    renamed = _renamed(source, names, expected)
    for name in source:
        if is_scalar(name):
            renamed[names[name]] = source[name].reshape(layout.scalar_shape)
    return renamed


def numpy_scalars() -> List[Any]:
    """What a pickled NumPy number needs, for weights-only loading.

    The authors' optimiser state holds its learning rate as one. NumPy 1 and
    2 name the same function differently.

    Returns:
        list: For ``torch.serialization.safe_globals``.
    """
    import numpy as np
    scalar = np.float64(0).__reduce__()[0]
    kinds = (np.float64, np.float32, np.int64, np.int32)
    return [(scalar, 'numpy.core.multiarray.scalar'),
            (scalar, 'numpy._core.multiarray.scalar'), np.dtype,
            *(type(np.dtype(kind)) for kind in kinds)]


def load_checkpoint(path: str) -> Tuple[Dict[str, Any], Dict[str, Any]]:
    """Read a file of weights; no code pickled in it is run.

    Args:
        path (str): The file. It holds ``state_dict``, or is one.

    Returns:
        tuple[dict[str, Tensor], dict]: The weights on the CPU, and what else
        is in the file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it holds no weights, or objects that only running code
            from the file would restore.
    """
    import torch
    if not osp.isfile(path):
        raise FileNotFoundError(
            f'{path} does not exist; give the path of a file of weights')
    try:
        with torch.serialization.safe_globals(numpy_scalars()):
            checkpoint = torch.load(
                path, map_location='cpu', weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(
            f'{path} holds more than tensors and numbers, or is no file of '
            'weights; save its state_dict alone where you trust it. PyTorch '
            f'says: {error}') from error
    rest = dict(checkpoint) if isinstance(checkpoint, Mapping) else {}
    weights = rest.pop('state_dict', None)
    if weights is None:
        weights, rest = rest, {}
    if not isinstance(weights, Mapping) or not weights or not all(
            isinstance(tensor, torch.Tensor) for tensor in weights.values()):
        raise ValueError(f'{path} holds no state_dict of tensors')
    return dict(weights), rest


def convert(checkpoint: Tuple[Mapping, Mapping], expected: Mapping,
            reverse: bool) -> Dict[str, Any]:
    """A file's content from what the other file holds.

    Args:
        checkpoint (tuple): What :func:`load_checkpoint` returned.
        expected (Mapping[str, Tensor]): What :func:`expected_tensors`
            returned.
        reverse (bool): From ours to the authors'.

    Returns:
        dict: To be saved. Ours has ``state_dict`` and ``meta``, theirs
        ``state_dict`` and ``epoch``, which their scripts read.

    Raises:
        ValueError: If a tensor is missing, unknown or of another shape.
    """
    weights, rest = checkpoint
    if reverse:
        layout = Layout(**rest.get('meta', {}).get('boxcaseg_release', {}))
        return dict(
            epoch=layout.epoch,
            state_dict=to_release(weights, expected, layout))
    renamed, layout = from_release(weights, expected)
    layout = layout._replace(epoch=int(rest.get('epoch', 0)))
    return dict(
        meta=dict(boxcaseg_release=layout._asdict()), state_dict=renamed)


def main(argv: Optional[List[str]] = None) -> None:
    """Run the command line tool."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('source', help='file to read')
    parser.add_argument('out', help='file to write')
    parser.add_argument(
        '--reverse',
        action='store_true',
        help="from mmboxcaseg's names to the authors'")
    parser.add_argument(
        '--config',
        default=DEFAULT_CONFIG,
        help='config of the model, where its sizes are not those of the '
        'release (HRNetV2-W48)')
    args = parser.parse_args(argv)

    import torch
    checkpoint = load_checkpoint(args.source)
    expected = expected_tensors(args.config)
    try:
        converted = convert(checkpoint, expected, args.reverse)
    except ValueError as error:
        raise ValueError(f'{args.source}: {error}') from error
    os.makedirs(osp.dirname(osp.abspath(args.out)), exist_ok=True)
    partial = f'{args.out}.partial'
    torch.save(converted, partial)
    os.replace(partial, args.out)
    whose = "the authors'" if args.reverse else "mmboxcaseg's"
    print(f'{len(converted["state_dict"])} tensors by {whose} names -> '
          f'{args.out}')


if __name__ == '__main__':
    main()
