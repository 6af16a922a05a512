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
    parser.add_argument(
        'masks',
        help='COCO json with the masks to score; with --predictor the folder of '
        'the photos',
    )
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
    other = parser.add_argument_group('masks of another network')
    other.add_argument(
        '--predictor',
        metavar='MODULE:FUNCTION',
        help='function that makes the masks: from a photo, (H, W, 3) uint8 RGB, '
        'and boxes, (N, 4) xyxy, to N masks (H, W), bool or probabilities',
    )
    other.add_argument(
        '--no-merge',
        dest='merge',
        action='store_false',
        help='leave overlapping masks as they are',
    )
    other.add_argument(
        '--merge-exponent',
        type=float,
        metavar='G',
        help='give a pixel of several masks to the highest probability times '
        '(box area) ** -G; default: to the smallest box',
    )
    other.add_argument('--out', metavar='FILE', help='COCO json to write its masks to')
    parser.add_argument('--json', metavar='FILE', help='file to write the numbers to')


def run(args: argparse.Namespace) -> int:
    """Score the masks and print the table.

    Args:
        args (argparse.Namespace): The arguments.

    Returns:
        int: Exit status.
    """
    from mmboxcaseg.apis.score import AGREEMENT_THRS, score_masks, score_predictor
    from mmboxcaseg.proxy_masks import write_json

    rows = dict(
        by_size=args.by_size, by_overlap=args.by_overlap, boundary=args.boundary
    )
    time_per_box = None
    if not args.predictor and (
        args.out or not args.merge or args.merge_exponent is not None
    ):
        raise ValueError(
            '--out, --no-merge and --merge-exponent are for masks that '
            '--predictor makes; give it, or leave them out'
        )
    if args.predictor:
        made = score_predictor(
            args.predictor,
            args.masks,
            args.truth,
            merge=args.merge,
            merge_exponent=args.merge_exponent,
            out=args.out,
            **rows,
        )
        scores, time_per_box = made.scores, made.ms_per_box
    else:
        scores = score_masks(
            args.masks,
            args.truth,
            agreement_thrs=args.agreement_thr or AGREEMENT_THRS,
            confidence_thrs=args.confidence_thr or (),
            decisions=args.decisions,
            **rows,
        )
    print(scores.to_markdown())
    if time_per_box is not None:
        print(f'\n{args.predictor} took {time_per_box:.1f} ms a box')
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
