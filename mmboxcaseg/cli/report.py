"""``boxcaseg report``: make a page about proxy masks, to read in a browser."""

import argparse

from .common import add_decisions_option

HELP = 'makes an HTML page on proxy masks: their scores, classes and pictures'
EPILOG = (
    'The command writes index.html, which needs no other file, and its charts '
    'as PNGs. The best and the worst masks are chosen by confidence, or by '
    'agreement if the file has no confidence.'
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command.

    Args:
        parser (argparse.ArgumentParser): Parser to add to.
    """
    parser.add_argument('masks', help='COCO json that boxcaseg masks has written')
    parser.add_argument('img_dir', help='folder of the photos')
    parser.add_argument(
        '--truth',
        metavar='TRUE.json',
        help='COCO json with the true masks of the same annotations',
    )
    add_options(parser)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that ``tools/analysis_tools/proxy_report.py`` has too.

    Args:
        parser (argparse.ArgumentParser): Parser to add to.
    """
    parser.add_argument(
        '--out', required=True, metavar='DIR', help='folder to write to'
    )
    for score in ('agreement', 'confidence'):
        parser.add_argument(
            f'--{score}-thr',
            type=float,
            metavar='T',
            help=f'show masks with a lower {score} as ignored, as the training of '
            'a detector would; default: none',
        )
    parser.add_argument(
        '--num',
        type=int,
        default=96,
        help='largest number of pictures in each group of the gallery; default: '
        '%(default)s',
    )
    parser.add_argument(
        '--review',
        type=int,
        nargs='?',
        const=200,
        metavar='N',
        help='let the page ask which of the N masks with the lowest confidence '
        'are good, and save the decisions; 0 asks about all masks; without N: '
        '%(const)s',
    )
    add_decisions_option(parser)


def run(args: argparse.Namespace) -> int:
    """Make the report.

    Args:
        args (argparse.Namespace): The parsed arguments.

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
