"""``boxcaseg calibrate``: fit the expected IoU of masks to some true masks."""

import argparse

HELP = 'fits the expected IoU of masks to some true masks'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command.

    Args:
        parser (argparse.ArgumentParser): Parser to add to.
    """
    parser.add_argument('masks', help='COCO json that boxcaseg masks has written')
    parser.add_argument(
        'truth',
        help='COCO json with true masks of some of the same annotations, such '
        'as a hundred corrected ones',
    )
    parser.add_argument(
        '-o',
        '--out',
        required=True,
        help='json to write, to be given to boxcaseg masks --calibration',
    )


def run(args: argparse.Namespace) -> int:
    """Fit the calibration and print a summary.

    Args:
        args (argparse.Namespace): The parsed arguments.

    Returns:
        int: Exit status.
    """
    from mmboxcaseg.apis.calibration import calibrate

    found = calibrate(args.masks, args.truth, args.out)
    print(
        f'{args.out}: fitted to {found.masks} masks of {found.photos} photos, '
        f'whose mean IoU is {found.mean_iou:.3f}; expected IoUs are from '
        f'{found.ious[0]:.2f} to {found.ious[-1]:.2f}'
    )
    return 0
