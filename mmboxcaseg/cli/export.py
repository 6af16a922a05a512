"""``boxcaseg export``: write masks in the formats of other programs."""

import argparse

from .common import add_decisions_option

HELP = 'writes masks for COCO, YOLO, Label Studio, CVAT, Labelme, or as PNGs'
EPILOG = (
    'The summary counts masks that are left out, and those that the format '
    "can't represent exactly. coco, labelstudio and cvat write one file, the "
    'other formats a folder.'
)
FORMATS = ('coco', 'yolo-seg', 'labelstudio', 'cvat', 'labelme', 'png')
# The options that add_options adds, as fields of ExportOptions.
CHOICES = (
    'simplify',
    'min_confidence',
    'min_agreement',
    'min_area',
    'fill_holes',
    'largest_part',
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command.

    Args:
        parser (argparse.ArgumentParser): Parser to add to.
    """
    parser.add_argument('masks', help='COCO json with masks')
    parser.add_argument(
        '-o', '--out', required=True, metavar='PLACE', help='file or folder to write'
    )
    parser.add_argument(
        '--format',
        choices=FORMATS,
        default='coco',
        help='format to write; default: %(default)s',
    )
    parser.add_argument(
        '--img-dir',
        metavar='DIR',
        help='folder of the photos, for formats that refer to them: yolo-seg, '
        'labelstudio and labelme',
    )
    parser.add_argument(
        '--segmentation',
        choices=('rle', 'polygons'),
        help='how coco, cvat and labelme hold masks: as pixels (rle), or as '
        'polygons, which have no holes; default: polygons for coco or with '
        '--simplify, else rle',
    )
    add_decisions_option(parser)
    add_options(parser)


def add_options(parser: argparse._ActionsContainer) -> None:
    """Add the options that ``boxcaseg masks`` has too.

    Args:
        parser (argparse._ActionsContainer): Parser or group to add to.
    """
    parser.add_argument(
        '--simplify',
        type=float,
        metavar='PX',
        help='simplify polygons, so that they differ from the outline of the '
        'mask by at most this many pixels',
    )
    for score in ('confidence', 'agreement'):
        parser.add_argument(
            f'--min-{score}',
            type=float,
            metavar='T',
            help=f'leave out masks with a lower {score}',
        )
    parser.add_argument(
        '--min-area',
        type=int,
        metavar='PX',
        help='leave out masks with fewer pixels',
    )
    parser.add_argument(
        '--fill-holes',
        type=int,
        metavar='PX',
        help='fill holes of up to this many pixels',
    )
    parser.add_argument(
        '--largest-part',
        action='store_true',
        help='keep only the largest connected part of each mask',
    )


def run(args: argparse.Namespace) -> int:
    """Export the masks and print a summary.

    Args:
        args (argparse.Namespace): The parsed arguments.

    Returns:
        int: Exit status.
    """
    from mmboxcaseg.apis.export import ExportOptions, export_masks

    options = ExportOptions(
        format=args.format,
        segmentation=args.segmentation,
        **{name: getattr(args, name) for name in CHOICES},
    )
    report = export_masks(
        args.masks, args.out, options, img_dir=args.img_dir, decisions=args.decisions
    )
    print(f'{args.out}: {report.summary()}')
    return 0
