"""Make baseline masks of boxes without a network.

``grabcut`` segments each box with OpenCV's GrabCut: all pixels outside the box
are background, inside it the colours decide. ``box`` fills the box. ``truth``
takes the true masks of the file. The result is a proxy-mask file, which all
tools for such files read.

Example:
    python tools/analysis_tools/baseline_masks.py grabcut \
        --ann data/coco/annotations/instances_val2017.json \
        --img-dir data/coco/val2017 --out work_dirs/grabcut.json
"""

import argparse
import os
import os.path as osp
import sys
from collections.abc import Sequence

from mmboxcaseg.annotations import read_masks
from mmboxcaseg.progress import show_progress
from mmboxcaseg.proxy_masks import write_json
from mmboxcaseg.proxy_masks.baselines import METHODS, GrabCutOptions, baseline_masks


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('method', choices=METHODS)
    parser.add_argument('--ann', required=True, help='COCO json with the boxes')
    parser.add_argument('--img-dir', help='folder of the photos, for grabcut')
    parser.add_argument('--out', required=True, help='COCO json to write')
    parser.add_argument(
        '--merge',
        action=argparse.BooleanOptionalAction,
        default=True,
        help='whether a pixel claimed by several masks of a photo goes to the '
        'smallest object (default: yes)',
    )
    parser.add_argument(
        '--margin',
        type=float,
        default=0.1,
        help='grabcut: border around the box from which background is learnt, '
        "as a share of the box's sides (default: 0.1)",
    )
    parser.add_argument(
        '--side',
        type=int,
        default=256,
        help='grabcut: longest side of a crop in pixels (default: 256)',
    )
    parser.add_argument(
        '--iterations', type=int, default=5, help='grabcut: iterations (default: 5)'
    )
    args = parser.parse_args(argv)
    if not osp.isfile(args.ann):
        parser.error(f'--ann: no file {args.ann}')
    if args.method == 'grabcut' and not (args.img_dir and osp.isdir(args.img_dir)):
        parser.error(f'--img-dir: no folder {args.img_dir}')
    return args


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line tool."""
    args = parse_args(argv)
    try:
        options = GrabCutOptions(args.margin, args.side, args.iterations)
        truth = read_masks(args.ann)
        with show_progress(len(truth.boxes.wanted), args.method) as update:
            content = baseline_masks(
                truth,
                args.method,
                args.img_dir,
                args.merge,
                options,
                lambda masks: update(1, masks),
            )
    except ValueError as error:
        sys.exit(f'baseline_masks: error: {error}')
    os.makedirs(osp.dirname(osp.abspath(args.out)), exist_ok=True)
    write_json(args.out, content)
    print(f'saved {args.out}')


if __name__ == '__main__':
    main()
