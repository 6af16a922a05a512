"""Measure how far masks suffer from inexact boxes.

Each side of a true box is moved by a random part of the box's width or height, up to
a level. A model makes a mask of the moved box, before merging, which is compared
with the true mask of the object.

Example:
    python tools/benchmarks/inexact_boxes.py \
        data/coco_mini/annotations/instances_val2017.json data/coco_mini/val2017
"""

import argparse
import json
import os.path as osp
import sys
import tempfile
from collections.abc import Sequence

import numpy as np
from own_domains import boxes_alone

COLUMNS = ('mIoU', 'IoU@50', 'IoU@75')


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('ann', help='COCO json with true masks')
    parser.add_argument('img_dir', help='folder of the photos')
    parser.add_argument(
        '--levels',
        nargs='+',
        type=float,
        default=[0, 0.05, 0.1, 0.2],
        help='largest moves of a side, as shares of the width or height '
        '(default: 0 0.05 0.1 0.2)',
    )
    parser.add_argument(
        '--tighten',
        nargs='+',
        type=float,
        default=[0, 0.05],
        help='shares by which boxes grow before their masks are made (default: 0 0.05)',
    )
    parser.add_argument(
        '--checkpoint', help='an exported model (default: the model of the package)'
    )
    parser.add_argument('--seed', type=int, default=0, help='(default: 0)')
    return parser.parse_args(argv)


def moved(box: Sequence[float], level: float, rng: np.random.Generator) -> list[float]:
    """Move each side of a box at random.

    Args:
        box (Sequence[float]): x, y, width, height in pixels.
        level (float): Largest move, as a share of the width or height, below
            0.5.
        rng (np.random.Generator): Source of the moves.

    Returns:
        list[float]: The new box, alike. It has a positive width and height.
    """
    x, y, width, height = box
    left, top, right, bottom = rng.uniform(-level, level, 4)
    return [
        x + left * width,
        y + top * height,
        (1 + right - left) * width,
        (1 + bottom - top) * height,
    ]


def write_moved(coco: dict, level: float, seed: int, path: str) -> None:
    """Write a COCO json with moved boxes and without masks.

    Args:
        coco (dict): Content of a COCO json.
        level (float): See :func:`moved`.
        seed (int): Seed of the moves; the same seed moves the same boxes in
            the same directions.
        path (str): File to write.
    """
    rng = np.random.default_rng(seed)
    content = boxes_alone(coco)
    for ann in content['annotations']:
        ann['bbox'] = moved(ann['bbox'], level, rng)
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(content, file)


def scores(args: argparse.Namespace, boxes: str, tighten: float) -> list[float]:
    """Make masks of boxes, and score them in percent by the columns."""
    from mmboxcaseg.apis import MaskOptions, make_proxy_masks, score_masks

    with tempfile.TemporaryDirectory() as folder:
        out = osp.join(folder, 'masks.json')
        make_proxy_masks(
            MaskOptions(
                ann=boxes,
                img_dir=args.img_dir,
                out=out,
                checkpoint=args.checkpoint,
                merge=False,
                tighten=tighten or None,
            )
        )
        metrics = dict(score_masks(out, args.ann, agreement_thrs=()).row().metrics)
    return [metrics[name] for name in COLUMNS]


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line tool."""
    args = parse_args(argv)
    from mmboxcaseg.markdown import markdown_table

    if not all(0 <= level < 0.5 for level in args.levels):
        raise ValueError('--levels must be numbers from 0 to less than 0.5')
    with open(args.ann, encoding='utf-8') as file:
        coco = json.load(file)
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for level in args.levels:
            path = osp.join(folder, 'boxes.json')
            write_moved(coco, level, args.seed, path)
            line = [f'{100 * level:g} %']
            for tighten in args.tighten:
                line += scores(args, path, tighten)
            lines.append(line)
    header = ['moved by up to']
    for tighten in args.tighten:
        more = f', grown by {100 * tighten:g} %' if tighten else ''
        header += [f'{name}{more}' for name in COLUMNS]
    print(markdown_table(header, lines))


if __name__ == '__main__':
    try:
        main()
    except (OSError, ValueError) as error:
        sys.exit(f'inexact_boxes: error: {error}')
