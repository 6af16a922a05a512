"""``boxcaseg detector``: a Mask R-CNN on masks of one's own."""

import argparse
import sys

from .common import options_of
from .train import add_budget_options

HELP = 'trains a Mask R-CNN on a file of masks, with its classes'
STOPPED = '; run the same command to go on'
EPILOG = (
    'Killed? Run the same command. Exit status: 0 done, 1 an error, 2 a wrong '
    'command line.'
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command.

    Args:
        parser (argparse.ArgumentParser): Parser to add to.
    """
    parser.add_argument('masks', help='file of boxcaseg masks')
    parser.add_argument('img_dir', help='folder of its photos')
    parser.add_argument('--out', required=True, metavar='DIR', help='folder to write')
    parser.add_argument(
        '--backbone',
        metavar='DIR',
        help='folder of boxcaseg train, whose backbone is started from; '
        'default: that of the model of the package',
    )
    parser.add_argument(
        '--size',
        choices=('small', 'r50'),
        default='small',
        help='small: MobileNetV2, also without a GPU; r50: ResNet-50, from '
        'ImageNet weights; default: %(default)s',
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
        '--dry-run', action='store_true', help='write the config, and train nothing'
    )


def run(args: argparse.Namespace) -> int:
    """Train.

    Args:
        args (argparse.Namespace): The arguments.

    Returns:
        int: Exit status.
    """
    from mmboxcaseg.apis.detector import DetectorOptions, train_detector

    options = options_of(args, DetectorOptions)
    # For whoever tells an error.
    args.log_dir = args.out
    print(train_detector(options).summary(), file=sys.stderr)
    return 0
