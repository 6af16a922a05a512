"""``boxcaseg detector``: train a Mask R-CNN on a file of masks."""

import argparse
import sys

from .common import options_of
from .train import add_budget_options

HELP = 'trains a Mask R-CNN on a file of masks, with its classes'
STOPPED = '; run the same command to resume'
EPILOG = (
    'To resume a training that was stopped, run the same command. Exit status: '
    '0 if it has finished, 1 after an error, 2 if the command line is wrong.'
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command.

    Args:
        parser (argparse.ArgumentParser): Parser to add to.
    """
    parser.add_argument('masks', help='COCO json that boxcaseg masks has written')
    parser.add_argument('img_dir', help='folder of the photos')
    parser.add_argument(
        '--out', required=True, metavar='DIR', help='folder to write to'
    )
    parser.add_argument(
        '--backbone',
        metavar='DIR',
        help='output folder of boxcaseg train; the training starts from the '
        'backbone of its model; default: the model of the package',
    )
    parser.add_argument(
        '--size',
        choices=('small', 'r50'),
        default='small',
        help='size of the detector: small for MobileNetV2, which a CPU can '
        'train too, or r50 for ResNet-50 with ImageNet weights; default: '
        '%(default)s',
    )
    parser.add_argument(
        '--confidence-thr',
        type=float,
        default=0.5,
        metavar='T',
        help='masks with a lower confidence are ignored; default: %(default)s',
    )
    run_options = parser.add_argument_group('run')
    add_budget_options(run_options)
    run_options.add_argument(
        '--dry-run', action='store_true', help='only write the config'
    )


def run(args: argparse.Namespace) -> int:
    """Train the detector and print a summary.

    Args:
        args (argparse.Namespace): The parsed arguments.

    Returns:
        int: Exit status.
    """
    from mmboxcaseg.apis.detector import DetectorOptions, train_detector

    options = options_of(args, DetectorOptions)
    # The folder for the traceback of an error.
    args.log_dir = args.out
    print(train_detector(options).summary(), file=sys.stderr)
    return 0
