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
from collections.abc import Mapping
from typing import Any

DEFAULT_CONFIG = osp.join(
    osp.dirname(osp.abspath(__file__)),
    '../../configs/boxcaseg/hrnet_w48_voc_release.py',
)


def numpy_scalars() -> list[Any]:
    """What a pickled NumPy number needs, for weights-only loading.

    The authors' optimiser state holds its learning rate as one. NumPy 1 and
    2 name the same function differently.

    Returns:
        list: For ``torch.serialization.safe_globals``.
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
            f'{path} does not exist; give the path of a file of weights'
        )
    try:
        with torch.serialization.safe_globals(numpy_scalars()):
            checkpoint = torch.load(path, map_location='cpu', weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(
            f'{path} holds more than tensors and numbers, or is no file of '
            'weights; save its state_dict alone where you trust it. PyTorch '
            f'says: {error}'
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
        help='config of the model, where its sizes are not those of the '
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
