"""``boxcaseg check``: look for oddities in boxes before they are used."""

import argparse
import sys

from .common import EXIT_SKIPPED, add_ann_argument, add_format_options

HELP = 'tells what is odd about boxes, before training or making masks'
EPILOG = (
    f'Exit status: 0 if everything can be used, {EXIT_SKIPPED} if photos or boxes '
    'would be skipped, 1 after an error, 2 if the command line is wrong.'
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command.

    Args:
        parser (argparse.ArgumentParser): Parser to add to.
    """
    add_ann_argument(parser, 'ann')
    parser.add_argument('--img-dir', required=True, help='folder of the photos')
    parser.add_argument(
        '--config',
        help='training config, whose classes are compared with those of the boxes',
    )
    add_format_options(parser)


def run(args: argparse.Namespace) -> int:
    """Check the boxes and print the report.

    Args:
        args (argparse.Namespace): The parsed arguments.

    Returns:
        int: Exit status.

    Raises:
        ValueError: If the boxes contradict the config.
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
    return EXIT_SKIPPED if report.skips else 0
