"""Score the masks of a COCO json against the true masks of another.

Masks belong together by annotation id; crowds are left out, and so are boxes
that cover nothing of their image. The masks are compared with the filled box,
which any mask should beat. Where the annotations have ``proxy_agreement``,
those at or above each threshold are compared with those below.

Example:
    python tools/analysis_tools/eval_masks.py proxy_masks.json \
        data/coco/annotations/instances_train2017.json
"""
import argparse
import math
import os
import os.path as osp
import sys
from typing import Any, Dict, List, Optional

import numpy as np
from pycocotools import mask as mask_utils

from mmboxcaseg import proxy_masks

# Of the paper's Table 8.
THRESHOLDS = (0.75, 0.85, 0.9, 0.95)
COLUMNS = {
    'mIoU*': 'mIoU_star',
    'mIoU': 'mIoU',
    'IoU@25': 'IoU@25',
    'IoU@50': 'IoU@50',
    'IoU@70': 'IoU@70',
    'IoU@75': 'IoU@75'
}


def rle_iou(first: dict, second: dict) -> float:
    """IoU of two masks, 0 where both are empty.

    Args:
        first (dict): Compressed RLE.
        second (dict): Compressed RLE of the same size.

    Returns:
        float: In [0, 1].
    """
    both = mask_utils.area(mask_utils.merge([first, second], intersect=True))
    union = mask_utils.area(first) + mask_utils.area(second) - both
    return float(both / union) if union else 0.0


def pair_annotations(masks: dict, truth: dict,
                     names: List[str]) -> List[tuple]:
    """Annotations of two files that belong together, without crowds.

    Args:
        masks (dict): Content of the COCO json to score.
        truth (dict): Content of the COCO json with the true masks.
        names (list[str]): What to call the two in messages: their paths.

    Returns:
        list[tuple[dict, dict]]: Annotations with the same id, in the order of
        the truth.

    Raises:
        ValueError: If an annotation is in one file only, or differs in image
            or category.
    """
    ours, theirs = ({
        ann['id']: ann
        for ann in data['annotations'] if not proxy_masks.is_crowd(ann)
    } for data in (masks, truth))
    for here, there, name, other in ((ours, theirs, *names),
                                     (theirs, ours, *reversed(names))):
        alone = [key for key in here if key not in there]
        if alone:
            listed = ', '.join(map(str, alone[:5]))
            raise ValueError(
                f'{len(alone)} of {len(here)} annotations of {name} are not '
                f'in {other}: {listed}{", ..." if len(alone) > 5 else ""}; '
                'give two files of the same annotations '
                '(tools/dataset_converters/coco_subset.py cuts one to the '
                'images of the other)')
    for key, ann in ours.items():
        for field in ('image_id', 'category_id'):
            if ann[field] != theirs[key][field]:
                raise ValueError(
                    f'annotation {key}: "{field}" is {ann[field]!r} in '
                    f'{names[0]}, but {theirs[key][field]!r} in {names[1]}')
    return [(ours[key], true) for key, true in theirs.items()]


def get_rle(ann: dict, size: tuple, name: str) -> dict:
    """The mask of an annotation as compressed RLE.

    Args:
        ann (dict): Annotation of a COCO json.
        size (tuple[int, int]): Height and width of its image.
        name (str): What to call the json in messages.

    Returns:
        dict: The RLE.

    Raises:
        ValueError: If there is none, or it is of another size.
    """
    if not ann.get('segmentation'):
        raise ValueError(f'{name}: annotation {ann["id"]} has no '
                         '"segmentation"')
    rle = proxy_masks.to_rle(ann['segmentation'], *size)
    if tuple(rle['size']) != size:
        raise ValueError(
            f'{name}: the mask of annotation {ann["id"]} has (height, width) '
            f'{tuple(rle["size"])}, its image {size}')
    return rle


def box_rle(bbox: List[float], size: tuple) -> dict:
    """A filled box, in the pixel rectangle that its mask would have.

    Args:
        bbox (list[float]): x, y, width, height in pixels.
        size (tuple[int, int]): Height and width of the image.

    Returns:
        dict: Compressed RLE.
    """
    x, y, w, h = bbox
    rect = proxy_masks.pixel_rects([[x, y, x + w, y + h]], *size)[0]
    x0, y0, x1, y1 = rect
    return proxy_masks.encode_rle(
        np.ones((y1 - y0, x1 - x0), dtype=bool), rect, *size)


def score(masks: dict, truth: dict, names: List[str]) -> Dict[str, Any]:
    """The IoU of every mask, and of its filled box, with the true mask.

    Args:
        masks (dict): Content of the COCO json to score.
        truth (dict): Content of the COCO json with the true masks.
        names (list[str]): What to call the two in messages: their paths.

    Returns:
        dict: ``ids`` of the annotations, a list; ``ious``, ``box_ious`` and
        ``labels`` (category ids), arrays of shape (N, ); ``agreements``
        likewise, or None; ``unusable``, the number of boxes left out because
        they cover nothing.

    Raises:
        ValueError: If the files don't belong together or lack masks.
    """
    pairs = pair_annotations(masks, truth, names)
    unusable = proxy_masks.unusable_annotations(truth)
    pairs = [pair for pair in pairs if pair[1]['id'] not in unusable]
    if not pairs:
        raise ValueError(f'{names[1]}: no annotation to score')
    sizes = {
        image['id']: (image['height'], image['width'])
        for image in truth['images']
    }
    agreements = [ann.get('proxy_agreement') for ann, _ in pairs]
    if None in agreements and any(one is not None for one in agreements):
        lacking = pairs[agreements.index(None)][0]['id']
        raise ValueError(f'{names[0]}: annotation {lacking} has no '
                         '"proxy_agreement", but others have')
    by_image: Dict[Any, List[int]] = {}
    for index, (_, true) in enumerate(pairs):
        by_image.setdefault(true['image_id'], []).append(index)
    progress = proxy_masks.Progress(len(by_image))
    ious, box_ious = np.zeros(len(pairs)), np.zeros(len(pairs))
    for image_id, indices in by_image.items():
        size = sizes[image_id]
        for index in indices:
            ann, true = pairs[index]
            truth_rle = get_rle(true, size, names[1])
            ious[index] = rle_iou(get_rle(ann, size, names[0]), truth_rle)
            box_ious[index] = rle_iou(box_rle(true['bbox'], size), truth_rle)
        line = progress.update(1, len(indices))
        if line:
            print(line, file=sys.stderr, flush=True)
    return dict(
        ids=[true['id'] for _, true in pairs],
        ious=ious,
        box_ious=box_ious,
        labels=np.array([true['category_id'] for _, true in pairs]),
        agreements=None if None in agreements else np.array(agreements),
        unusable=len(unusable))


def spearman(first: np.ndarray, second: np.ndarray) -> Optional[float]:
    """Spearman's rank correlation, None where one of the two is constant."""
    from scipy.stats import spearmanr
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return float(spearmanr(first, second)[0])


def summarize(scores: Dict[str, Any]) -> Dict[str, Any]:
    """The numbers of all masks and of those kept and dropped.

    Args:
        scores (dict): Of :func:`score`.

    Returns:
        dict: ``rows``, each with ``name``, ``instances``, ``share`` (percent
        of all) and the keys of :func:`summarize_ious` (None without
        instances); ``spearman`` of agreement and IoU (None without);
        ``unusable``.
    """
    from mmboxcaseg.evaluation import summarize_ious
    ious, labels = scores['ious'], scores['labels']
    agreements = scores['agreements']
    every = np.ones(len(ious), dtype=bool)
    parts = [('masks', ious, every), ('filled box', scores['box_ious'], every)]
    if agreements is not None:
        for thr in THRESHOLDS:
            kept = agreements >= thr
            parts += [(f'agreement >= {thr:g} (kept)', ious, kept),
                      (f'agreement < {thr:g} (dropped)', ious, ~kept)]
    rows = []
    for name, values, chosen in parts:
        numbers = summarize_ious(values[chosen], labels[chosen])
        rows.append(
            dict(
                name=name,
                instances=int(chosen.sum()),
                share=100 * float(chosen.mean()),
                **{
                    key: None if math.isnan(value) else value
                    for key, value in numbers.items()
                }))
    return dict(
        rows=rows,
        spearman=None if agreements is None else spearman(agreements, ious),
        unusable=scores['unusable'])


def to_markdown(summary: Dict[str, Any]) -> str:
    """The rows of a summary as a Markdown table, in percent."""
    lines = [
        '| | instances | % of all | ' + ' | '.join(COLUMNS) + ' |',
        '|---|' + '---:|' * (2 + len(COLUMNS))
    ]
    for row in summary['rows']:
        numbers = [row['share'], *(row[key] for key in COLUMNS.values())]
        cells = ['-' if one is None else f'{one:.1f}' for one in numbers]
        lines.append(f'| {row["name"]} | {row["instances"]} | ' +
                     ' | '.join(cells) + ' |')
    return '\n'.join(lines)


def parse_args(argv: Optional[List[str]] = None) -> argparse.Namespace:
    """Parse the command line; imports no torch, so that help is instant."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('masks', help='COCO json with the masks to score')
    parser.add_argument('truth', help='COCO json with the true masks')
    parser.add_argument('--json', help='file to write the numbers to')
    args = parser.parse_args(argv)
    for path in (args.masks, args.truth):
        if not osp.isfile(path):
            parser.error(f'no file {path}')
    return args


def main(argv: Optional[List[str]] = None) -> None:
    """Run the command line tool."""
    args = parse_args(argv)
    names = [args.masks, args.truth]
    try:
        files = [proxy_masks.load_coco(name) for name in names]
        summary = summarize(score(*files, names))
    except ValueError as error:
        sys.exit(f'eval_masks: error: {error}')
    print(to_markdown(summary))
    if summary['spearman'] is not None:
        print('\nSpearman rank correlation of agreement and IoU: '
              f'{summary["spearman"]:.3f}')
    if summary['unusable']:
        print(f'\n{summary["unusable"]} annotations left out: their boxes '
              'cover nothing of the image')
    if args.json:
        os.makedirs(osp.dirname(osp.abspath(args.json)), exist_ok=True)
        proxy_masks.write_json(args.json, summary)
        print(f'saved {args.json}', file=sys.stderr)


if __name__ == '__main__':
    main()
