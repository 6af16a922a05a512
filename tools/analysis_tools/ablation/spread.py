"""Table of the mini benchmark: mean and spread over seeds."""
import json
import statistics
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Tuple

from . import tables
from .plan import PlannedRow


@dataclass(frozen=True)
class Score:
    """A column of the table.

    Args:
        title (str): Its head.
        source (str): File of the row that has it: ``'val'``, ``'train'`` or
            ``MASK_RCNN``.
        key (str): Metric; of a scores file that of the row ``name``, or
            ``'spearman'`` or ``'spearman_confidence'``.
        name (str): Row of a scores file. Defaults to ``'masks'``.
        factor (float): Makes percent of it. Defaults to 1.
    """
    title: str
    source: str
    key: str
    name: str = 'masks'
    factor: float = 1.0


SCORES = (
    Score('mIoU*', 'val', 'mIoU_star'),
    Score('mIoU', 'val', 'mIoU'),
    Score('IoU@50', 'val', 'IoU@50'),
    Score('IoU@75', 'val', 'IoU@75'),
    *(Score(f'{key} {size[0].upper()}', 'val', key, f'masks, {size}')
      for size in ('small', 'medium', 'large')
      for key in ('mIoU', 'IoU@50', 'IoU@75')),
    Score('boundary mIoU', 'val', 'boundary_mIoU'),
    Score('proxy mIoU', 'train', 'mIoU'),
    Score('Spearman', 'train', 'spearman', factor=100),
    Score('of confidence', 'train', 'spearman_confidence', factor=100),
    Score('mask AP', tables.MASK_RCNN, 'coco/segm_mAP', factor=100),
    Score('AP50', tables.MASK_RCNN, 'coco/segm_mAP_50', factor=100),
    Score('AP75', tables.MASK_RCNN, 'coco/segm_mAP_75', factor=100),
)


def read_scores(row: PlannedRow) -> Dict[str, Optional[float]]:
    """The numbers of a variant with a seed.

    Args:
        row (PlannedRow): Whose steps have been run.

    Returns:
        dict[str, float | None]: In percent by the columns' titles, None where
        there is no such number.
    """
    contents: Dict[str, Any] = {}
    for source, path in row.files.items():
        with open(path, encoding='utf-8') as file:
            contents[source] = json.load(file)
    numbers = {}
    for score in SCORES:
        content = contents.get(score.source, {})
        if score.source != tables.MASK_RCNN and not score.key.startswith(
                'spearman'):
            content = {
                one['name']: one
                for one in content.get('rows', ())
            }.get(score.name, {})
        value = content.get(score.key)
        numbers[score.title] = None if value is None else score.factor * value
    return numbers


def summarize(
    variants: Dict[str, Sequence[Dict[str, Optional[float]]]]
) -> List[Dict[str, Any]]:
    """Mean and spread over seeds.

    Args:
        variants (dict[str, Sequence[dict]]): The numbers of each seed, of
            :func:`read_scores`, by variant.

    Returns:
        list[dict]: For each variant ``name``, ``seeds`` (their number),
        ``mean`` and ``spread``, numbers by title; the spread is the standard
        deviation of the sample, None with one seed.
    """
    rows = []
    for name, runs in variants.items():
        mean, spread = {}, {}
        for title in runs[0]:
            values = [run[title] for run in runs if run[title] is not None]
            mean[title] = statistics.fmean(values) if values else None
            spread[title] = (
                statistics.stdev(values) if len(values) > 1 else None)
        rows.append(dict(name=name, seeds=len(runs), mean=mean, spread=spread))
    return rows


def to_markdown(rows: Sequence[Dict[str, Any]]) -> str:
    """The table; columns without a number are left out.

    Args:
        rows (Sequence[dict]): Of :func:`summarize`.

    Returns:
        str: Its lines.
    """
    titles = [
        score.title for score in SCORES
        if any(row['mean'][score.title] is not None for row in rows)
    ]
    lines = [
        '| variant | seeds | ' + ' | '.join(titles) + ' |',
        '|---|' + '---:|' * (1 + len(titles))
    ]
    for row in rows:
        cells = [_cell(row['mean'][t], row['spread'][t]) for t in titles]
        lines.append(f'| {row["name"]} | {row["seeds"]} | ' +
                     ' | '.join(cells) + ' |')
    return '\n'.join(lines)


def ratios(rows: Sequence[Dict[str, Any]],
           reference: str) -> List[Tuple[str, str, float]]:
    """How much of a reference each variant reaches.

    Args:
        rows (Sequence[dict]): Of :func:`summarize`.
        reference (str): Name of a variant, such as the oracle's.

    Returns:
        list[tuple[str, str, float]]: Variant, title and percent of the
        reference's mean; empty without the reference.
    """
    means = {row['name']: row['mean'] for row in rows}
    found = []
    for name, mean in means.items():
        for title in ('mIoU*', 'IoU@50', 'IoU@75', 'AP50'):
            whole = means.get(reference, {}).get(title)
            if name != reference and whole and mean[title] is not None:
                found.append((name, title, 100 * mean[title] / whole))
    return found


def _cell(mean: Optional[float], spread: Optional[float]) -> str:
    if mean is None:
        return '-'
    return f'{mean:.1f}' + ('' if spread is None else f' ± {spread:.1f}')
