"""Score the masks of a COCO json against the true masks of another.

Masks belong together by annotation id; crowds are left out, and so are boxes
that cover nothing of their image. The masks are compared with the filled box,
which any mask should beat. Where the annotations have ``proxy_agreement``,
those at or above each threshold are compared with those below. On request
the numbers are given by object size and for Boundary IoU as well.

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


def boundary_iou(rles: List[dict], size: tuple) -> List[float]:
    """Boundary IoU of some masks with the last one.

    Args:
        rles (list[dict]): Compressed RLEs of one size, the true mask last.
        size (tuple[int, int]): Height and width of the image.

    Returns:
        list[float]: In [0, 1], one number less than masks.
    """
    from mmboxcaseg.masks import boundary_width, rect_boundary_iou
    *masks, truth = [proxy_masks.decode_rle(rle) for rle in rles]
    width = boundary_width(*size)
    whole = (0, 0, size[1], size[0])
    return [rect_boundary_iou(mask, whole, truth, width) for mask in masks]


def score(masks: dict,
          truth: dict,
          names: List[str],
          boundary: bool = False) -> Dict[str, Any]:
    """The IoU of every mask, and of its filled box, with the true mask.

    Args:
        masks (dict): Content of the COCO json to score.
        truth (dict): Content of the COCO json with the true masks.
        names (list[str]): What to call the two in messages: their paths.
        boundary (bool): Whether Boundary IoU is wanted too. Defaults to
            False.

    Returns:
        dict: ``ids`` of the annotations, a list; ``ious``, ``box_ious``,
        ``areas`` (of the true masks, px) and ``labels`` (category ids), arrays
        of shape (N, ); ``agreements``, ``confidences``, ``boundary_ious`` and
        ``box_boundary_ious`` likewise, or None; ``unusable``, the number of
        boxes left out because they cover nothing.

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
    agreements, confidences = (
        get_scores([ann for ann, _ in pairs], f'proxy_{name}', names[0])
        for name in proxy_masks.SCORES)
    by_image: Dict[Any, List[int]] = {}
    for index, (_, true) in enumerate(pairs):
        by_image.setdefault(true['image_id'], []).append(index)
    progress = proxy_masks.Progress(len(by_image))
    ious, box_ious, areas = np.zeros((3, len(pairs)))
    of_boundary = np.zeros((2, len(pairs)))
    for image_id, indices in by_image.items():
        size = sizes[image_id]
        for index in indices:
            ann, true = pairs[index]
            truth_rle = get_rle(true, size, names[1])
            rles = [get_rle(ann, size, names[0]), box_rle(true['bbox'], size)]
            areas[index] = proxy_masks.rle_area(truth_rle)
            ious[index], box_ious[index] = (
                rle_iou(rle, truth_rle) for rle in rles)
            if boundary:
                of_boundary[:, index] = boundary_iou([*rles, truth_rle], size)
        line = progress.update(1, len(indices))
        if line:
            print(line, file=sys.stderr, flush=True)
    return dict(
        ids=[true['id'] for _, true in pairs],
        ious=ious,
        box_ious=box_ious,
        areas=areas,
        boundary_ious=of_boundary[0] if boundary else None,
        box_boundary_ious=of_boundary[1] if boundary else None,
        labels=np.array([true['category_id'] for _, true in pairs]),
        agreements=agreements,
        confidences=confidences,
        unusable=len(unusable))


def get_scores(anns: List[dict], key: str, name: str) -> Optional[np.ndarray]:
    """A score of all masks.

    Args:
        anns (list[dict]): N annotations of a COCO json.
        key (str): Of the score.
        name (str): What to call the json in messages.

    Returns:
        np.ndarray | None: Shape (N, ); None if no mask has it.

    Raises:
        ValueError: If some have it and others don't.
    """
    lacking = [ann['id'] for ann in anns if key not in ann]
    if not lacking:
        return np.array([ann[key] for ann in anns])
    if len(lacking) < len(anns):
        raise ValueError(f'{name}: annotation {lacking[0]} has no "{key}", '
                         'but others have')
    return None


def spearman(first: Optional[np.ndarray],
             second: np.ndarray) -> Optional[float]:
    """Spearman's rank correlation, None where one of the two is constant or
    there is no first."""
    from scipy.stats import spearmanr
    if first is None or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return float(spearmanr(first, second)[0])


def summarize(scores: Dict[str, Any], by_size: bool = False) -> Dict[str, Any]:
    """The numbers of all masks and of those kept and dropped.

    Args:
        scores (dict): Of :func:`score`.
        by_size (bool): Whether the rows of the masks and of the filled boxes
            are followed by those of small, medium and large objects. Defaults
            to False.

    Returns:
        dict: ``rows``, each with ``name``, ``instances``, ``share`` (percent
        of all) and the keys of :func:`summarize_ious`, also behind
        ``boundary_`` if there are Boundary IoUs (None without instances);
        ``spearman`` and ``spearman_confidence`` of agreement and of
        confidence with IoU (None without); ``unusable``.
    """
    from mmboxcaseg.evaluation import SIZES
    areas, agreements = scores['areas'], scores['agreements']
    sizes = {'': (0, np.inf), **(SIZES if by_size else {})}
    rows = [
        _row(f'{name}, {size}' if size else name, scores, kind,
             (areas >= low) & (areas < high))
        for name, kind in (('masks', ''), ('filled box', 'box_'))
        for size, (low, high) in sizes.items()
    ]
    for thr in () if agreements is None else THRESHOLDS:
        kept = agreements >= thr
        rows += [
            _row(f'agreement >= {thr:g} (kept)', scores, '', kept),
            _row(f'agreement < {thr:g} (dropped)', scores, '', ~kept)
        ]
    return dict(
        rows=rows,
        spearman=spearman(agreements, scores['ious']),
        spearman_confidence=spearman(scores['confidences'], scores['ious']),
        unusable=scores['unusable'])


def _row(name: str, scores: Dict[str, Any], kind: str,
         chosen: np.ndarray) -> Dict[str, Any]:
    """The numbers of some masks, or of their boxes for kind ``'box_'``."""
    from mmboxcaseg.evaluation import summarize_ious
    labels = scores['labels'][chosen]
    numbers = summarize_ious(scores[f'{kind}ious'][chosen], labels)
    boundary = scores[f'{kind}boundary_ious']
    if boundary is not None:
        numbers.update({
            f'boundary_{key}': value
            for key, value in summarize_ious(boundary[chosen], labels).items()
        })
    return dict(
        name=name,
        instances=int(chosen.sum()),
        share=100 * float(chosen.mean()),
        **{
            key: None if math.isnan(value) else value
            for key, value in numbers.items()
        })


def to_markdown(summary: Dict[str, Any]) -> str:
    """The rows of a summary as a Markdown table, in percent."""
    columns = dict(COLUMNS)
    if 'boundary_mIoU' in summary['rows'][0]:
        columns['boundary mIoU'] = 'boundary_mIoU'
    lines = [
        '| | instances | % of all | ' + ' | '.join(columns) + ' |',
        '|---|' + '---:|' * (2 + len(columns))
    ]
    for row in summary['rows']:
        numbers = [row['share'], *(row[key] for key in columns.values())]
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
    parser.add_argument(
        '--by-size',
        action='store_true',
        help='also by object size: small below 32 ** 2 pixels, large from '
        '96 ** 2 on')
    parser.add_argument(
        '--boundary',
        action='store_true',
        help='also Boundary IoU, with boundaries of 2 %% of the diagonal')
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
        summary = summarize(score(*files, names, args.boundary), args.by_size)
    except ValueError as error:
        sys.exit(f'eval_masks: error: {error}')
    print(to_markdown(summary))
    for score_name, key in (('agreement', 'spearman'),
                            ('confidence', 'spearman_confidence')):
        if summary[key] is not None:
            print(f'\nSpearman rank correlation of {score_name} and IoU: '
                  f'{summary[key]:.3f}')
    if summary['unusable']:
        print(f'\n{summary["unusable"]} annotations left out: their boxes '
              'cover nothing of the image')
    if args.json:
        os.makedirs(osp.dirname(osp.abspath(args.json)), exist_ok=True)
        proxy_masks.write_json(args.json, summary)
        print(f'saved {args.json}', file=sys.stderr)


if __name__ == '__main__':
    main()
