"""``boxcaseg score``: masks against the true ones."""

import argparse
import os
import os.path as osp
import sys

from .common import add_decisions_option

HELP = 'how well masks cover the true ones, as a table'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command.

    Args:
        parser (argparse.ArgumentParser): Parser to add to.
    """
    parser.add_argument('masks', help='COCO json with the masks to score')
    parser.add_argument(
        'truth', help='COCO json with the true masks of the same annotations'
    )
    parser.add_argument(
        '--by-size',
        action='store_true',
        help='also by object size: small below 32 ** 2 pixels, large from 96 ** 2 on',
    )
    parser.add_argument(
        '--by-overlap',
        action='store_true',
        help='also by overlap: free where other boxes of the image cover less '
        'than a fifth of the box, else covered',
    )
    parser.add_argument(
        '--boundary',
        action='store_true',
        help='also Boundary IoU, with boundaries of 2 %% of the diagonal',
    )
    for score, default in (('agreement', '0.75 0.85 0.9 0.95'), ('confidence', 'none')):
        parser.add_argument(
            f'--{score}-thr',
            nargs='+',
            type=float,
            metavar='T',
            help=f'rows of the masks with this {score} or a higher one, and '
            f'of the others, for each threshold from 0 to 1; default: '
            f'{default}',
        )
    add_decisions_option(parser)
    parser.add_argument('--json', metavar='FILE', help='file to write the numbers to')


def run(args: argparse.Namespace) -> int:
    """Score the masks and print the table.

    Args:
        args (argparse.Namespace): The arguments.

    Returns:
        int: Exit status.
    """
    from mmboxcaseg.apis.score import AGREEMENT_THRS, score_masks
    from mmboxcaseg.proxy_masks import write_json

    scores = score_masks(
        args.masks,
        args.truth,
        by_size=args.by_size,
        by_overlap=args.by_overlap,
        boundary=args.boundary,
        agreement_thrs=args.agreement_thr or AGREEMENT_THRS,
        confidence_thrs=args.confidence_thr or (),
        decisions=args.decisions,
    )
    print(scores.to_markdown())
    for name, value in (
        ('agreement', scores.spearman),
        ('confidence', scores.spearman_confidence),
    ):
        if value is not None:
            print(f'\nSpearman rank correlation of {name} and IoU: {value:.3f}')
    if scores.unusable:
        print(
            f'\n{scores.unusable} annotations skipped: their boxes cover '
            'nothing of the image'
        )
    if scores.rejected:
        print(f'\n{scores.rejected} masks were rejected: ignored at every threshold')
    if args.json:
        os.makedirs(osp.dirname(osp.abspath(args.json)), exist_ok=True)
        write_json(args.json, scores.to_json())
        print(f'saved {args.json}', file=sys.stderr)
    return 0
