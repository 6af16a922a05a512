"""``boxcaseg draw``: draw proxy masks on their photos."""

import argparse

from mmboxcaseg.thresholds import DEFAULT_AGREEMENT_THR

from .common import EXIT_SKIPPED, add_decisions_option

HELP = 'draws proxy masks on their photos, as PNGs or in a window'
EPILOG = (
    'Each mask gets its class and its scores: "cat c 0.71 a 0.97" is a '
    'confidence of 0.71 and an agreement of 0.97. Masks are hatched in red '
    'where you give a threshold, or rejected them. Exit status: 0, or '
    f'{EXIT_SKIPPED} if photos are missing and were skipped.'
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
        help='only images with a mask that is hatched; without a threshold: by '
        f'an agreement below {DEFAULT_AGREEMENT_THR:g}, the threshold of the paper',
    )
    parser.add_argument(
        '--agreement-thr',
        type=float,
        metavar='T',
        help='hatch masks with a lower agreement in red, as the training of a '
        'detector would ignore them; default: none',
    )
    parser.add_argument(
        '--confidence-thr',
        type=float,
        metavar='T',
        help='the same for the confidence; default: none',
    )
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
    from mmboxcaseg.apis.draw import draw_masks, draw_threshold

    agreement_thr = draw_threshold(
        args.agreement_thr, args.confidence_thr, args.only_ignored
    )
    skipped: list[str] = []
    written = draw_masks(
        args.masks,
        args.img_dir,
        args.out,
        images=args.images,
        classes=args.classes,
        only_ignored=args.only_ignored,
        agreement_thr=agreement_thr,
        confidence_thr=args.confidence_thr,
        num=args.num,
        side=args.side,
        decisions=args.decisions,
        on_skip=skipped.append,
    )
    if written:
        noun = 'picture' if len(written) == 1 else 'pictures'
        print(f'saved {len(written)} {noun} in {args.out}')
    hatched = _hatched(agreement_thr, args.confidence_thr, args.decisions is not None)
    if hatched:
        print(f'hatched in red: masks {hatched}, which training would ignore')
    return EXIT_SKIPPED if skipped else 0


def _hatched(agreement_thr: float, confidence_thr: float | None, decided: bool) -> str:
    """Which masks are hatched, in words, with the options that say so."""
    parts = []
    if agreement_thr:
        parts.append(f'with an agreement below {agreement_thr:g} (--agreement-thr)')
    if confidence_thr:
        parts.append(f'with a confidence below {confidence_thr:g} (--confidence-thr)')
    if decided:
        parts.append('that were rejected (--decisions)')
    return ' or '.join(parts)
