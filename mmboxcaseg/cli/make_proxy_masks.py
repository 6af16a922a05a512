"""``tools/make_proxy_masks.py``: ``boxcaseg masks`` with the model first."""

import argparse
from collections.abc import Sequence

from . import masks
from .common import add_ann_argument
from .main import run


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line of the script.

    Args:
        argv (Sequence[str], optional): The arguments. Defaults to None: those
            of the process.

    Returns:
        argparse.Namespace: As of ``boxcaseg masks``.
    """
    parser = argparse.ArgumentParser(
        description='Make proxy masks: boxes in, a COCO file with masks and '
        'their scores out.',
        epilog=masks.EPILOG,
    )
    parser.add_argument(
        'config',
        nargs='?',
        help='config of a BoxCaseg model; default: the model that comes with '
        'the package',
    )
    parser.add_argument('checkpoint', nargs='?', help='its weights')
    add_ann_argument(parser, '--ann', required=True)
    parser.add_argument('--img-dir', required=True, help='folder of the images')
    parser.add_argument('--out', required=True, help='COCO json to write')
    masks.add_options(parser)
    parser.set_defaults(model=None)
    args = parser.parse_args(argv)
    if args.config and not args.checkpoint:
        parser.error('CONFIG is given, but no CHECKPOINT; give both or none')
    return args


def main(argv: Sequence[str] | None = None) -> int:
    """Make the masks.

    Args:
        argv (Sequence[str], optional): The arguments. Defaults to None: those
            of the process.

    Returns:
        int: Exit status.
    """
    return run(masks, parse_args(argv), 'make_proxy_masks')
