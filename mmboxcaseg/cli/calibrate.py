"""``boxcaseg calibrate``: the IoU to expect, from some true masks."""

import argparse

HELP = 'what IoU to expect of masks, from some true ones'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command.

    Args:
        parser (argparse.ArgumentParser): Parser to add to.
    """
    parser.add_argument('masks', help='file of boxcaseg masks')
    parser.add_argument(
        'truth',
        help='COCO json with true masks of some of its annotations, such as '
        'a hundred corrected ones',
    )
    parser.add_argument(
        '-o',
        '--out',
        required=True,
        help='json to write, for boxcaseg masks --calibration',
    )


def run(args: argparse.Namespace) -> int:
    """Calibrate.

    Args:
        args (argparse.Namespace): The arguments.

    Returns:
        int: Exit status.
    """
    from mmboxcaseg.apis.calibration import calibrate

    found = calibrate(args.masks, args.truth, args.out)
    print(
        f'{args.out}: fitted on {found.masks} masks of {found.photos} '
        f'photos, whose mean IoU is {found.mean_iou:.3f}; expected of a '
        f'mask: {found.ious[0]:.2f} to {found.ious[-1]:.2f}'
    )
    return 0
