"""The columns of the tables, and reading their numbers by key."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

# Sources of the numbers of a column: tools/test.py on BoxCaseg and on Mask R-CNN,
# and scores of the masks of the validation and of the training set.
BOXCASEG, MASK_RCNN = 'boxcaseg', 'mask_rcnn'
VAL, PROXY = 'val', 'proxy'
SPEARMAN = 'rank correlation'


@dataclass(frozen=True)
class Column:
    """A column of numbers in percent.

    Attributes:
        title (str): Title of the column.
        source (str): Source of its numbers.
        key (str): Name of the metric, or of the attribute of ``ScoreRow`` or
            ``MaskScores``.
        part (str): Part of the scored masks, one of
            ``mmboxcaseg.evaluation.mask_scores.PARTS``, or ``SPEARMAN``.
            Defaults to ``'all'``.
        coco_key (str): Name of the metric on COCO, if it is another one than
            on VOC. Defaults to ``''``.
    """

    title: str
    source: str
    key: str
    part: str = 'all'
    coco_key: str = ''


def read_number(
    column: Column, path: str, data: str = '', agreement_thr: float = 0.0
) -> float | None:
    """Read a number of a finished experiment.

    Args:
        column (Column): Column of the number.
        path (str): JSON of the column's source.
        data (str): ``'coco'`` if ``coco_key`` is to be used. Defaults to
            ``''``.
        agreement_thr (float): Threshold of kept and ignored masks, which must
            have been scored; 0 keeps all masks. Defaults to 0.0.

    Returns:
        float | None: The number in percent; None if no masks were scored.

    Raises:
        KeyError: If the file lacks the number.
    """
    if column.source in (BOXCASEG, MASK_RCNN):
        key = data == 'coco' and column.coco_key or column.key
        metrics = read_json(path)
        if key not in metrics:
            raise KeyError(f'{path} has no {key!r}, only {sorted(metrics)}')
        # mmdet's CocoMetric returns shares, not percentages.
        return metrics[key] * (100 if key.startswith('coco/') else 1)
    from mmboxcaseg.evaluation.mask_scores import MaskScores

    scores = MaskScores.read(path)
    if column.part == SPEARMAN:
        value = getattr(scores, column.key)
        return None if value is None else 100 * value
    part, thr = column.part, None
    if part in ('kept', 'ignored'):
        thr = agreement_thr
        if thr == 0 and part == 'ignored':
            return 0.0
        if thr == 0:
            part, thr = 'all', None
    try:
        row = scores.row(part=part, agreement_thr=thr)
    except KeyError as error:
        raise KeyError(f'{path}: {error.args[0]}') from error
    return row.share if column.key == 'share' else row.metrics[column.key]


def read_json(path: str) -> Mapping[str, float]:
    """Metrics that ``tools/test.py`` has written."""
    with open(path, encoding='utf-8') as file:
        return json.load(file)
