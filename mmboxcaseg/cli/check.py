"""``boxcaseg check``: a look at boxes before masks are made or trained on."""

import argparse
import sys

from .common import SKIPPED, add_ann_argument

HELP = 'what is odd about boxes, before masks are made or trained on'
EPILOG = (
    f'Exit status: 0 all can be used, {SKIPPED} photos or boxes would '
    'be skipped, 1 an error, 2 a wrong command line.'
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command.

    Args:
        parser (argparse.ArgumentParser): Parser to add to.
    """
    add_ann_argument(parser, 'ann')
    parser.add_argument('--img-dir', required=True, help='folder of the photos')
    parser.add_argument(
        '--config', help='config to be trained, whose classes are compared'
    )
    parser.add_argument(
        '--ann-format',
        choices=('coco', 'voc', 'yolo'),
        help='format of the boxes; default: found out',
    )
    parser.add_argument('--classes', metavar='FILE', help="names of YOLO's classes")


def run(args: argparse.Namespace) -> int:
    """Check the boxes and print the tables.

    Args:
        args (argparse.Namespace): The arguments.

    Returns:
        int: Exit status.

    Raises:
        ValueError: If training with the config can't be right.
    """
    from mmboxcaseg.apis.check import check_boxes
    from mmboxcaseg.quiet import unprinted

    with unprinted():
        report = check_boxes(
            args.ann, args.img_dir, args.config, args.ann_format, args.classes
        )
    print(report.to_markdown())
    sys.stdout.flush()
    if report.errors:
        raise ValueError('; '.join(report.errors))
    return SKIPPED if report.skips else 0
