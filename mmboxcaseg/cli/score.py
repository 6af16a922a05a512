"""``boxcaseg score``: score masks against the true masks."""

import argparse
import os
import os.path as osp
import sys

from .common import add_decisions_option, check_merging

HELP = 'tells how well masks match the true masks, as a table'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command.

    Args:
        parser (argparse.ArgumentParser): Parser to add to.
    """
    parser.add_argument(
        'masks',
        help='COCO json with the masks to score; with --predictor instead the '
        'folder of the photos',
    )
    parser.add_argument(
        'truth', help='COCO json with the true masks of the same annotations'
    )
    parser.add_argument(
        '--by-size',
        action='store_true',
        help='also score by object size: small below 32 ** 2 pixels, large from '
        '96 ** 2',
    )
    parser.add_argument(
        '--by-overlap',
        action='store_true',
        help='also score by overlap: an object is free if other boxes of the '
        'image cover less than a fifth of its box, else covered',
    )
    parser.add_argument(
        '--boundary',
        action='store_true',
        help='also compute the Boundary IoU, with a boundary as wide as 2 %% of '
        'the diagonal of the image',
    )
    for score, default in (('agreement', '0.75 0.85 0.9 0.95'), ('confidence', 'none')):
        parser.add_argument(
            f'--{score}-thr',
            nargs='+',
            type=float,
            metavar='T',
            help=f'also score the masks at or above each threshold of the '
            f'{score}, and those below; from 0 to 1; default: {default}',
        )
    add_decisions_option(parser)
    other = parser.add_argument_group('masks of another network')
    other.add_argument(
        '--predictor',
        metavar='MODULE:FUNCTION',
        help='function that makes the masks; it takes a photo in RGB, (H, W, 3) '
        'uint8, and boxes as xyxy in pixels, (N, 4), and returns N masks (H, W), '
        'bool or probabilities',
    )
    other.add_argument(
        '--no-merge',
        dest='merge',
        action='store_false',
        help='let each mask keep all its pixels, whatever other masks claim',
    )
    other.add_argument(
        '--merge-exponent',
        type=float,
        metavar='G',
        help='give each pixel to the mask with the highest probability * '
        '(box area)^-G, where G is 0 or more; default: to the smallest object',
    )
    other.add_argument(
        '--merge-tolerance',
        type=float,
        metavar='T',
        help='with --merge-exponent, let a mask keep a pixel unless another mask '
        'claims it more than T times as strongly, where T is 1 or more (default: 1)',
    )
    other.add_argument('--out', metavar='FILE', help='COCO json to write the masks to')
    parser.add_argument('--json', metavar='FILE', help='json to write the scores to')


def run(args: argparse.Namespace) -> int:
    """Score the masks and print the table.

    Args:
        args (argparse.Namespace): The parsed arguments.

    Returns:
        int: Exit status.
    """
    from mmboxcaseg.apis.score import AGREEMENT_THRS, score_masks, score_predictor
    from mmboxcaseg.proxy_masks import write_json

    rows = dict(
        by_size=args.by_size, by_overlap=args.by_overlap, boundary=args.boundary
    )
    time_per_box = None
    rule = args.merge_exponent, args.merge_tolerance
    if not args.predictor and (args.out or not args.merge or rule != (None, None)):
        raise ValueError(
            '--out, --no-merge, --merge-exponent and --merge-tolerance go with '
            '--predictor only; give it, or leave them out'
        )
    check_merging(args)
    if args.merge_tolerance is not None and args.merge_exponent is None:
        raise ValueError('--merge-tolerance needs --merge-exponent; give it too')
    if args.predictor:
        made = score_predictor(
            args.predictor,
            args.masks,
            args.truth,
            merge=args.merge,
            merge_exponent=args.merge_exponent,
            merge_tolerance=args.merge_tolerance or 1,
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
        print(f'\n{args.predictor} took {time_per_box:.1f} ms per box')
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
    if scores.skipped:
        print(
            f'\nboxes without a mask, which are not scored: {scores.skipped}; they or '
            'their photo were skipped when masks were made'
        )
    if scores.rejected:
        print(
            f'\n{scores.rejected} masks were rejected, so they are ignored at every '
            'threshold'
        )
    if args.json:
        os.makedirs(osp.dirname(osp.abspath(args.json)), exist_ok=True)
        write_json(args.json, scores.to_json())
        print(f'saved {args.json}', file=sys.stderr)
    return 0
