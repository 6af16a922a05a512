"""``boxcaseg report``: make a page to look at proxy masks in a browser."""

import argparse

from .common import add_decisions_option, add_threshold_options

HELP = 'one HTML page on proxy masks: their scores, classes and pictures'
EPILOG = (
    'Writes index.html, which needs no other file, and its charts as PNGs. '
    'Best and worst masks are chosen by confidence, or by agreement if the '
    'file has no confidence.'
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command.

    Args:
        parser (argparse.ArgumentParser): Parser to add to.
    """
    parser.add_argument('masks', help='COCO json of boxcaseg masks')
    parser.add_argument('img_dir', help='folder of its photos')
    parser.add_argument(
        '--truth',
        metavar='TRUE.json',
        help='COCO json with the true masks of the same annotations',
    )
    add_options(parser)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that the old script of this command has too.

    Args:
        parser (argparse.ArgumentParser): Parser to add to.
    """
    parser.add_argument('--out', required=True, metavar='DIR', help='folder to write')
    add_threshold_options(parser, 'shown as ignored')
    parser.add_argument(
        '--num',
        type=int,
        default=96,
        help='largest number of pictures in each of the four groups; '
        'default: %(default)s',
    )
    parser.add_argument(
        '--review',
        type=int,
        nargs='?',
        const=200,
        metavar='N',
        help='let the page ask about the N masks with the lowest confidence '
        'and save the decisions; 0: all masks; default without N: %(const)s',
    )
    add_decisions_option(parser)


def run(args: argparse.Namespace) -> int:
    """Make the report.

    Args:
        args (argparse.Namespace): The arguments.

    Returns:
        int: Exit status.
    """
    from mmboxcaseg.apis.report import make_report

    path = make_report(
        args.masks,
        args.img_dir,
        args.out,
        truth=args.truth,
        agreement_thr=args.agreement_thr,
        confidence_thr=args.confidence_thr,
        num=args.num,
        review=args.review,
        decisions=args.decisions,
    )
    print(f'saved {path}')
    return 0
