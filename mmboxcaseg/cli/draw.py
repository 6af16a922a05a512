"""``boxcaseg draw``: draw proxy masks on their photos."""

import argparse

from .common import add_decisions_option, add_threshold_options

HELP = 'draws proxy masks on their photos, as PNGs or in a window'
EPILOG = (
    'Each mask has its class and its scores written on it: "cat c 0.71 a 0.97" '
    'means a confidence of 0.71 and an agreement of 0.97.'
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command.

    Args:
        parser (argparse.ArgumentParser): Parser to add to.
    """
    parser.add_argument('masks', help='COCO json that boxcaseg masks has written')
    parser.add_argument('img_dir', help='folder of the photos')
    add_options(parser)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that ``tools/misc/browse_proxy_masks.py`` has too.

    Args:
        parser (argparse.ArgumentParser): Parser to add to.
    """
    parser.add_argument(
        '--out',
        metavar='DIR',
        help='folder to save PNGs to; default: show each picture in a window, '
        'the next one when it is closed',
    )
    parser.add_argument(
        '--images',
        nargs='+',
        metavar='IMAGE',
        help='ids or file names of the images to draw; default: all with masks',
    )
    parser.add_argument(
        '--classes',
        nargs='+',
        metavar='NAME',
        help='only images with an object of one of these classes',
    )
    parser.add_argument(
        '--only-ignored',
        action='store_true',
        help='only images with an ignored mask',
    )
    add_threshold_options(parser, 'ignored (hatched in red)')
    add_decisions_option(parser)
    parser.add_argument(
        '--num', type=int, metavar='N', help='draw at most N images; default: all'
    )
    parser.add_argument(
        '--side',
        type=int,
        default=1000,
        metavar='PX',
        help='longer side of the pictures; default: %(default)s',
    )


def run(args: argparse.Namespace) -> int:
    """Draw the pictures.

    Args:
        args (argparse.Namespace): The parsed arguments.

    Returns:
        int: Exit status.
    """
    from mmboxcaseg.apis.draw import draw_masks

    written = draw_masks(
        args.masks,
        args.img_dir,
        args.out,
        images=args.images,
        classes=args.classes,
        only_ignored=args.only_ignored,
        agreement_thr=args.agreement_thr,
        confidence_thr=args.confidence_thr,
        num=args.num,
        side=args.side,
        decisions=args.decisions,
    )
    if written:
        noun = 'picture' if len(written) == 1 else 'pictures'
        print(f'saved {len(written)} {noun} in {args.out}')
    return 0
