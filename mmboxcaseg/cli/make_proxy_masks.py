"""``tools/make_proxy_masks.py``: ``boxcaseg masks`` for a given config.

In contrast to ``boxcaseg masks``, config and checkpoint are positional
arguments, and boxes, photos and output are options.
"""

import argparse
from collections.abc import Sequence

from . import masks
from .common import add_ann_argument
from .main import run


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line of the script.

    Args:
        argv (Sequence[str], optional): The command line. Defaults to None:
            that of the process.

    Returns:
        argparse.Namespace: Parsed arguments of ``boxcaseg masks``.

    Raises:
        SystemExit: If the command line is wrong.
    """
    parser = argparse.ArgumentParser(
        description='Make a proxy mask for every box, and write a COCO json of '
        'masks and their scores.',
        epilog=masks.EPILOG,
    )
    parser.add_argument(
        'config',
        nargs='?',
        help='config of a BoxCaseg model; default: the model of the package',
    )
    parser.add_argument('checkpoint', nargs='?', help='checkpoint of the model')
    add_ann_argument(parser, '--ann', required=True)
    parser.add_argument('--img-dir', required=True, help='folder of the photos')
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
        argv (Sequence[str], optional): The command line. Defaults to None:
            that of the process.

    Returns:
        int: Exit status.
    """
    return run(masks, parse_args(argv), 'make_proxy_masks')
