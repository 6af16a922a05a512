r"""Rename the authors' BoxCaseg weights for mmboxcaseg, or back (--reverse).

SOURCE is a file of the authors' release (pascal_epoch40_miou_0.718.pth,
COCO_epoch_50_miou0.717.pth) or of their training code. Only names change and
tensors stay the same, so a conversion can be undone exactly.

Predict with configs/boxcaseg/hrnet_w48_voc_release.py or
hrnet_w48_coco_release.py, since the authors fuse the heads and normalise the
input in another way than the paper says.

Example:
    python tools/model_converters/boxcaseg_release.py \
        pascal_epoch40_miou_0.718.pth boxcaseg_hrnet_w48_voc.pth
"""

import argparse
import os
import os.path as osp
import pickle
from collections.abc import Mapping
from typing import Any

DEFAULT_CONFIG = osp.join(
    osp.dirname(osp.abspath(__file__)),
    '../../configs/boxcaseg/hrnet_w48_voc_release.py',
)


def numpy_scalars() -> list[Any]:
    """The types that weights-only loading needs for pickled NumPy numbers.

    The learning rate in the authors' optimiser state is such a number. NumPy
    1 and 2 name the same function differently.

    Returns:
        list: Argument of ``torch.serialization.safe_globals``.
    """
    import numpy as np

    scalar = np.float64(0).__reduce__()[0]
    kinds = (np.float64, np.float32, np.int64, np.int32)
    return [
        (scalar, 'numpy.core.multiarray.scalar'),
        (scalar, 'numpy._core.multiarray.scalar'),
        np.dtype,
        *(type(np.dtype(kind)) for kind in kinds),
    ]


def load_checkpoint(path: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a file of weights without running code that is pickled in it.

    Args:
        path (str): Path of the file, which has a ``state_dict`` or is one.

    Returns:
        tuple[dict[str, Tensor], dict]: The weights on the CPU, and the other
        entries of the file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file has no weights, or has objects that can only
            be loaded by running its code.
    """
    import torch

    if not osp.isfile(path):
        raise FileNotFoundError(
            f'{path} does not exist; give the path of a file of weights'
        )
    try:
        with torch.serialization.safe_globals(numpy_scalars()):
            checkpoint = torch.load(path, map_location='cpu', weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(
            f'{path} holds more than tensors and numbers, or is no file of '
            'weights; if you trust it, load it and save only its state_dict. '
            f'PyTorch says: {error}'
        ) from error
    rest = dict(checkpoint) if isinstance(checkpoint, Mapping) else {}
    weights = rest.pop('state_dict', None)
    if weights is None:
        weights, rest = rest, {}
    if (
        not isinstance(weights, Mapping)
        or not weights
        or not all(isinstance(tensor, torch.Tensor) for tensor in weights.values())
    ):
        raise ValueError(f'{path} holds no state_dict of tensors')
    return dict(weights), rest


def convert(
    checkpoint: tuple[Mapping, Mapping], expected: Mapping, reverse: bool
) -> dict[str, Any]:
    """Convert the content of a file.

    Args:
        checkpoint (tuple): Weights and other entries, see
            :func:`load_checkpoint`.
        expected (Mapping[str, Tensor]): Tensors of :func:`expected_tensors`.
        reverse (bool): Whether to convert from our names to the authors'.

    Returns:
        dict: Content of the new file. Ours has ``state_dict`` and ``meta``,
        that of the authors ``state_dict`` and ``epoch``, which their scripts
        read.

    Raises:
        ValueError: If a tensor is missing, unknown or of another shape.
    """
    from mmboxcaseg.models.segmentors.release import Layout, from_release, to_release

    weights, rest = checkpoint
    if reverse:
        layout = Layout(**rest.get('meta', {}).get('boxcaseg_release', {}))
        return dict(
            epoch=layout.epoch, state_dict=to_release(weights, expected, layout)
        )
    renamed, layout = from_release(weights, expected)
    layout = layout._replace(epoch=int(rest.get('epoch', 0)))
    return dict(meta=dict(boxcaseg_release=layout._asdict()), state_dict=renamed)


def main(argv: list[str] | None = None) -> None:
    """Run the command line tool."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('source', help='file to read')
    parser.add_argument('out', help='file to write')
    parser.add_argument(
        '--reverse', action='store_true', help="from mmboxcaseg's names to the authors'"
    )
    parser.add_argument(
        '--config',
        default=DEFAULT_CONFIG,
        help='config of the model, if its sizes differ from those of the '
        'release (HRNetV2-W48)',
    )
    args = parser.parse_args(argv)

    import torch

    from mmboxcaseg.models.segmentors.release import expected_tensors

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
    print(f'{len(converted["state_dict"])} tensors by {whose} names -> {args.out}')


if __name__ == '__main__':
    main()
