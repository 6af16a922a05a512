"""Make masks of boxes without a network: what BoxCaseg has to beat.

``grabcut`` segments every box with OpenCV's GrabCut, which people use where
they have no network: what is outside the box is background for sure, inside
it the colours decide. ``box`` fills the box. ``truth`` takes the true masks
of the file. The result has the form of a proxy-mask file, so that all tools
for those take it.

Example:
    python tools/analysis_tools/baseline_masks.py grabcut \
        --ann data/coco/annotations/instances_val2017.json \
        --img-dir data/coco/val2017 --out work_dirs/grabcut.json
"""
import argparse
import os
import os.path as osp
import sys
from collections import defaultdict
from typing import Any, Dict, List, Optional

import numpy as np

from mmboxcaseg import proxy_masks

METHODS = ('grabcut', 'box', 'truth')
# Pixels that each of GrabCut's colour models needs for its components.
LEAST_PIXELS = 16
# Where less of the box is left than this, GrabCut has lost the object.
LEAST_SHARE = 0.1


def grabcut_mask(photo: np.ndarray,
                 rect: np.ndarray,
                 margin: float = 0.1,
                 side: int = 256,
                 iterations: int = 5,
                 seed: int = 0) -> np.ndarray:
    """Segment the object of a box by GrabCut.

    Args:
        photo (np.ndarray): BGR, uint8, shape (H, W, 3).
        rect (np.ndarray): Pixel rectangle of the box, x0, y0, x1, y1.
        margin (float): Share of the box's width and height on each side from
            which the background is learnt. Defaults to 0.1.
        side (int): Longest side of the crop in pixels; larger ones are made
            smaller. Defaults to 256.
        iterations (int): Of GrabCut. Defaults to 5.
        seed (int): Of its k-means. Defaults to 0.

    Returns:
        np.ndarray: Bool, shape (y1 - y0, x1 - x0); all True where box or
        background have too few pixels, as where the box is the whole photo,
        and where next to nothing of the box would be left.
    """
    import cv2
    x0, y0, x1, y1 = (int(value) for value in rect)
    height, width = photo.shape[:2]
    dx, dy = (max(1, round(margin * size)) for size in (x1 - x0, y1 - y0))
    left, top = max(0, x0 - dx), max(0, y0 - dy)
    crop = photo[top:min(height, y1 + dy), left:min(width, x1 + dx)]
    marks = np.full(crop.shape[:2], cv2.GC_BGD, np.uint8)
    marks[y0 - top:y1 - top, x0 - left:x1 - left] = cv2.GC_PR_FGD
    scale = side / max(crop.shape[:2])
    if scale < 1:
        size = tuple(max(1, round(scale * n)) for n in crop.shape[1::-1])
        crop = cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
        marks = cv2.resize(marks, size, interpolation=cv2.INTER_NEAREST)
    inside = np.count_nonzero(marks == cv2.GC_PR_FGD)
    if min(inside, marks.size - inside) < LEAST_PIXELS:
        return np.ones((y1 - y0, x1 - x0), dtype=bool)
    cv2.setRNGSeed(seed)
    marks, _, _ = cv2.grabCut(
        np.ascontiguousarray(crop), marks, None, np.zeros((1, 65)),
        np.zeros((1, 65)), iterations, cv2.GC_INIT_WITH_MASK)
    found = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    if scale < 1:
        shown = (min(width, x1 + dx) - left, min(height, y1 + dy) - top)
        found = cv2.resize(found, shown, interpolation=cv2.INTER_LINEAR)
    mask = found[y0 - top:y1 - top, x0 - left:x1 - left] >= 0.5
    return mask if mask.mean() >= LEAST_SHARE else np.ones_like(mask)


def image_masks(image: dict, anns: List[dict], rects: np.ndarray,
                args: argparse.Namespace) -> List[np.ndarray]:
    """The masks of an image's boxes inside their rectangles.

    Args:
        image (dict): Entry of ``images``.
        anns (list[dict]): Its annotations whose boxes are usable.
        rects (np.ndarray): Their pixel rectangles, shape (N, 4).
        args (argparse.Namespace): The options.

    Returns:
        list[np.ndarray]: N bool arrays.

    Raises:
        ValueError: If the photo or a true mask is missing, or the photo has
            another size than the file says.
    """
    size = image['height'], image['width']
    if args.method == 'box':
        return [np.ones((y1 - y0, x1 - x0), bool) for x0, y0, x1, y1 in rects]
    if args.method == 'truth':
        masks = []
        for ann, (x0, y0, x1, y1) in zip(anns, rects):
            if not ann.get('segmentation'):
                raise ValueError(f'{args.ann}: annotation {ann["id"]} has no '
                                 '"segmentation" to take')
            mask = proxy_masks.decode_rle(
                proxy_masks.to_rle(ann['segmentation'], *size))
            masks.append(mask[y0:y1, x0:x1])
        return masks
    import cv2
    path = osp.join(args.img_dir, image['file_name'])
    photo = cv2.imread(path) if osp.isfile(path) else None
    if photo is None:
        raise ValueError(f'{path} is no readable photo')
    if photo.shape[:2] != size:
        raise ValueError(f'{path}: (height, width) is {photo.shape[:2]}, but '
                         f'{size} in {args.ann}')
    return [
        grabcut_mask(photo, rect, args.margin, args.side, args.iterations)
        for rect in rects
    ]


def make_masks(data: Dict[str, Any],
               args: argparse.Namespace) -> Dict[str, Any]:
    """A proxy-mask file's content.

    Args:
        data (dict): Content of the COCO json.
        args (argparse.Namespace): The options.

    Returns:
        dict: The same with the masks and their agreement; crowds and boxes
        that cover nothing are left as they are, or with an empty mask.
    """
    anns: Dict[Any, List[dict]] = defaultdict(list)
    unusable = proxy_masks.unusable_annotations(data)
    made: Dict[Any, dict] = {}
    progress = proxy_masks.Progress(len(data['images']))
    for ann in data['annotations']:
        if not proxy_masks.is_crowd(ann):
            anns[ann['image_id']].append(ann)
    for image in data['images']:
        height, width = image['height'], image['width']
        empty = proxy_masks.encode_rle(
            np.zeros((0, 0), bool), [0, 0, 0, 0], height, width)
        for ann in anns[image['id']]:
            made[ann['id']] = dict(
                segmentation=empty, area=0, proxy_agreement=0.0)
        usable = [a for a in anns[image['id']] if a['id'] not in unusable]
        boxes = np.array([ann['bbox'] for ann in usable],
                         dtype=np.float64).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        rects = proxy_masks.pixel_rects(boxes, height, width)
        rles, agreement = proxy_masks.proxy_rles(
            image_masks(image, usable, rects, args), rects, boxes, height,
            width, args.merge)
        for ann, rle, score in zip(usable, rles, agreement):
            made[ann['id']] = dict(
                segmentation=rle,
                area=proxy_masks.rle_area(rle),
                proxy_agreement=float(score))
        line = progress.update(1, len(usable))
        if line:
            print(line, file=sys.stderr, flush=True)
    settings = dict(method=args.method, merge=args.merge)
    if args.method == 'grabcut':
        settings.update(
            margin=args.margin, side=args.side, iterations=args.iterations)
    return dict(
        data,
        info=dict(data.get('info', {}), proxy_masks=settings),
        annotations=[
            dict(ann, **made.get(ann['id'], {})) for ann in data['annotations']
        ])


def parse_args(argv: Optional[List[str]] = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('method', choices=METHODS)
    parser.add_argument('--ann', required=True, help='COCO json with boxes')
    parser.add_argument('--img-dir', help='folder of the photos, for grabcut')
    parser.add_argument('--out', required=True, help='COCO json to write')
    parser.add_argument(
        '--merge',
        action=argparse.BooleanOptionalAction,
        default=True,
        help='whether a pixel claimed by several masks of a photo goes to the '
        'smallest object (default: yes)')
    parser.add_argument(
        '--margin',
        type=float,
        default=0.1,
        help='grabcut: share of the box on each side from which background '
        'is learnt (default: 0.1)')
    parser.add_argument(
        '--side',
        type=int,
        default=256,
        help='grabcut: longest side of a crop in pixels (default: 256)')
    parser.add_argument(
        '--iterations', type=int, default=5, help='of grabcut (default: 5)')
    args = parser.parse_args(argv)
    if not osp.isfile(args.ann):
        parser.error(f'--ann: no file {args.ann}')
    if args.method == 'grabcut' and not (args.img_dir
                                         and osp.isdir(args.img_dir)):
        parser.error(f'--img-dir: no folder {args.img_dir}')
    if args.margin <= 0 or args.side < 8 or args.iterations < 1:
        parser.error('--margin must be above 0, --side at least 8 and '
                     '--iterations at least 1')
    return args


def main(argv: Optional[List[str]] = None) -> None:
    """Run the command line tool."""
    args = parse_args(argv)
    try:
        content = make_masks(proxy_masks.load_coco(args.ann), args)
    except ValueError as error:
        sys.exit(f'baseline_masks: error: {error}')
    os.makedirs(osp.dirname(osp.abspath(args.out)), exist_ok=True)
    proxy_masks.write_json(args.out, content)
    print(f'saved {args.out}')


if __name__ == '__main__':
    main()
