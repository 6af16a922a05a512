"""Make a subset of a COCO annotation file and, optionally, of its images.

The subset has the images of a list of ids, or images drawn at random, or all.
Annotations, crowds included, and their order are not changed. With
``--categories`` or ``--voc20``, images without annotations of these categories
are left out.

Example:
    python tools/dataset_converters/coco_subset.py \
        data/coco/annotations/instances_val2017.json \
        data/coco_100/annotations/instances_val2017.json \
        --count 100 --seed 0 --voc20 \
        --img-dir data/coco/val2017 --out-img-dir data/coco_100/val2017
"""

import argparse
import sys
from collections.abc import Sequence

from mmboxcaseg.cli import main
from mmboxcaseg.converters.coco_subset import (
    draw_ids,
    ids_of_lines,
    keep_categories,
    keep_images,
    keep_mask_share,
    read_coco,
    take_files,
    to_voc20,
    write_coco,
)
from mmboxcaseg.text import read_lines


def parse_args(args: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('ann', help='COCO annotation file to read')
    parser.add_argument('out', help='annotation file to write')
    which = parser.add_mutually_exclusive_group()
    which.add_argument('--ids', help='text file with an image id on each line')
    which.add_argument('--count', type=int, help='images to draw at random')
    parser.add_argument(
        '--seed', type=int, default=0, help='seed of all draws (default: 0)'
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument('--categories', nargs='+', help='names of the categories to keep')
    what.add_argument(
        '--voc20',
        action='store_true',
        help="keep VOC's 20 categories, with VOC's names and ids",
    )
    parser.add_argument(
        '--mask-share',
        type=float,
        metavar='SHARE',
        help='share of the annotations that keep their masks, from 0 to 1, '
        'drawn at random with --seed; the others lose them',
    )
    parser.add_argument('--img-dir', help='folder of the images')
    parser.add_argument('--out-img-dir', help='folder to link the images into')
    parser.add_argument(
        '--copy', action='store_true', help='copy the images instead of linking them'
    )
    parsed = parser.parse_args(args)
    if (parsed.img_dir is None) != (parsed.out_img_dir is None):
        parser.error('give both --img-dir and --out-img-dir, or neither')
    return parsed


def run(args: argparse.Namespace) -> int:
    """Make the subset; returns the exit status."""
    coco = read_coco(args.ann)
    if args.ids is not None:
        lines = read_lines(args.ids)
        coco = keep_images(coco, ids_of_lines(coco, lines, args.ids))
    elif args.count is not None:
        coco = keep_images(coco, draw_ids(coco, args.count, args.seed))
    if args.categories is not None:
        coco = keep_categories(coco, args.categories)
    elif args.voc20:
        coco = to_voc20(coco)
    if args.mask_share is not None:
        coco = keep_mask_share(coco, args.mask_share, args.seed)
    # The photos first: if one is missing, no annotation file is written.
    if args.img_dir is not None:
        names = [image['file_name'] for image in coco['images']]
        take_files(names, args.img_dir, args.out_img_dir, args.copy)
    write_coco(args.out, coco)
    return 0


if __name__ == '__main__':
    sys.exit(main.run(sys.modules[__name__], parse_args(), 'coco_subset'))
