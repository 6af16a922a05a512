"""``boxcaseg export``: masks in another form."""
import argparse

from .common import add_decisions_option

HELP = 'masks of a COCO json as polygons or as RLE'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command.

    Args:
        parser (argparse.ArgumentParser): Parser to add to.
    """
    parser.add_argument('masks', help='COCO json with masks')
    parser.add_argument('-o', '--out', required=True, help='file to write')
    parser.add_argument(
        '--format',
        choices=('coco', ),
        default='coco',
        help='format of the output; default: %(default)s')
    parser.add_argument(
        '--segmentation',
        choices=('rle', 'polygons'),
        default='polygons',
        help='how masks are written; polygons lose their holes; default: '
        '%(default)s')
    add_decisions_option(parser)


def run(args: argparse.Namespace) -> int:
    """Export the masks.

    Args:
        args (argparse.Namespace): The arguments.

    Returns:
        int: Exit status.
    """
    from mmboxcaseg.apis.export import export_masks
    count = export_masks(args.masks, args.out, args.segmentation,
                         args.decisions)
    print(f'{args.out}: {count} masks')
    return 0
