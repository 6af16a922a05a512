"""Make a small synthetic data set for a first run, without a download.

Textured, shaded objects of five shapes lie on smooth backgrounds and may hide
each other; their masks are exact. The box set has COCO's layout. The salient
set (one object in each image, no classes, more shapes) has the layout of DUTS:

    OUT/coco/annotations/instances_{train,val}.json
    OUT/coco/{train,val}/*.jpg
    OUT/duts/DUTS-TR-Image/*.jpg
    OUT/duts/DUTS-TR-Mask/*.png
    OUT/preview.png

The same seed gives the same data set. Training reads only the boxes of the
training split. Its masks are there to score proxy masks.

Example:
    python tools/misc/make_synthetic_dataset.py --out data/synthetic
"""

import argparse
import os
import os.path as osp

import numpy as np

from mmboxcaseg.synthetic import export, scene


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--out', required=True, help='folder to write')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--num-train', type=int, default=200)
    parser.add_argument('--num-val', type=int, default=60)
    parser.add_argument('--num-salient', type=int, default=200)
    parser.add_argument(
        '--size',
        type=int,
        nargs=2,
        default=(240, 320),
        metavar=('HEIGHT', 'WIDTH'),
        help='size of the images in pixels (default: 240 320)',
    )
    args = parser.parse_args()
    for name in ('num_train', 'num_val', 'num_salient'):
        if getattr(args, name) < 1:
            option = name.replace('_', '-')
            parser.error(f'--{option} must be at least 1')
    if min(args.size) < scene.MIN_SIDE:
        parser.error(f'both numbers of --size must be at least {scene.MIN_SIDE}')
    return args


def main() -> None:
    """Run the command line tool."""
    args = parse_args()
    size = tuple(args.size)
    os.makedirs(args.out, exist_ok=True)
    export.write_box_split(args.out, 'train', args.seed, args.num_train, size)
    val = export.write_box_split(args.out, 'val', args.seed, args.num_val, size)
    export.write_salient_split(args.out, args.seed, args.num_salient, size)
    preview = osp.join(args.out, 'preview.png')
    export.write_preview(preview, args.seed, size)

    by_class = export.box_iou_by_class(val)
    print(
        'IoU of the filled box with the mask, val, in percent: '
        + ', '.join(f'{k} {100 * v:.1f}' for k, v in by_class.items())
        + f'; class mean {100 * np.mean(list(by_class.values())):.1f}'
    )
    print(f'saved the data set in {args.out}, a preview in {preview}')


if __name__ == '__main__':
    main()
