"""The numbers of a report on proxy masks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmboxcaseg.annotations import REVIEWS, MaskFile
from mmboxcaseg.evaluation import spearman

from .expected import ExpectedIoU, expected_iou
from .masks import ReportMasks

# Shares of ignored masks by threshold in the paper's Table 8, on COCO.
PAPER_IGNORED = {0.75: 0.27, 0.85: 0.49, 0.9: 0.64, 0.95: 0.8}
BINS = np.linspace(0, 1, 41)
THRESHOLDS = np.linspace(0, 1, 101)


@dataclass(frozen=True)
class Band:
    """The IoUs of the masks whose score lies in a band.

    Attributes:
        low (float): Lower end of the band.
        high (float): Upper end of the band.
        count (int): Number of masks.
        mean (float): Mean IoU.
        q25 (float): Lower quartile of the IoU.
        q75 (float): Upper quartile of the IoU.
    """

    low: float
    high: float
    count: int
    mean: float
    q25: float
    q75: float


@dataclass(frozen=True, eq=False)
class ScoreNumbers:
    """The numbers of a score.

    Attributes:
        name (str): ``'confidence'`` or ``'agreement'``.
        mean (float): Mean over the masks.
        median (float): Median over the masks.
        kept (np.ndarray): :func:`histogram` of the kept masks.
        ignored (np.ndarray): :func:`histogram` of the ignored masks.
        bands (tuple[Band, ...]): IoUs in bands of the score; empty without
            true masks.
        spearman (float | None): Spearman's rank correlation of score and IoU;
            None without true masks, or if one of the two is constant.
    """

    name: str
    mean: float
    median: float
    kept: np.ndarray
    ignored: np.ndarray
    bands: tuple[Band, ...]
    spearman: float | None


@dataclass(frozen=True)
class ClassRow:
    """The numbers of a class.

    Attributes:
        place (int): Place of the category in the file.
        count (int): Number of masks of the class.
        agreement (float): Mean agreement.
        median (float): Median agreement.
        confidence (float | None): Mean confidence, if the masks have one.
        ignored (float): Share of the masks that are ignored, in [0, 1].
        iou (float | None): Mean IoU, if a true mask is known.
    """

    place: int
    count: int
    agreement: float
    median: float
    confidence: float | None
    ignored: float
    iou: float | None


@dataclass(frozen=True, eq=False)
class ReportNumbers:
    """All numbers of a report.

    Attributes:
        images (int): Number of images that have masks.
        masks (int): Number of masks.
        crowds (int): Number of crowds, which have no masks.
        skipped (int): Number of boxes that were skipped when masks were made;
            no other number counts them.
        empty (int): Number of masks with an agreement of 0.
        ignored (float): Share of masks that are ignored, in [0, 1].
        scores (tuple[ScoreNumbers, ...]): Numbers of the scores, in the order
            of :attr:`ReportMasks.scores`.
        shares (np.ndarray): Share of masks with an agreement below each of
            ``THRESHOLDS``, (101,) in [0, 1].
        paper_shares (np.ndarray): Share of masks with an agreement below each
            threshold of ``PAPER_IGNORED``, (4,) in [0, 1].
        classes (tuple[ClassRow, ...]): Numbers of the classes, those with the
            most masks first.
        scored (int): Number of masks whose true mask is known.
        mean_iou (float | None): Mean IoU of these masks, if there are any.
        reviews (dict[str, int]): Number of masks for each decision that
            occurs, by its name.
        expected (ExpectedIoU | None): The expected mean IoU, if the masks
            have one.
    """

    images: int
    masks: int
    crowds: int
    skipped: int
    empty: int
    ignored: float
    scores: tuple[ScoreNumbers, ...]
    shares: np.ndarray
    paper_shares: np.ndarray
    classes: tuple[ClassRow, ...]
    scored: int
    mean_iou: float | None
    reviews: dict[str, int]
    expected: ExpectedIoU | None = None


def report_numbers(masks: ReportMasks) -> ReportNumbers:
    """Compute all numbers of a report.

    Args:
        masks (ReportMasks): The masks.

    Returns:
        ReportNumbers: The numbers.
    """
    agreement = masks.scores['agreement']
    known = (
        np.zeros(len(agreement), dtype=bool)
        if masks.ious is None
        else ~np.isnan(masks.ious)
    )
    # A rejected mask is ignored at every threshold.
    below = np.where(masks.file.rejected[masks.places], -1.0, agreement)
    return ReportNumbers(
        images=len(np.unique(masks.file.boxes.image_index[masks.places])),
        masks=len(agreement),
        crowds=int(masks.file.boxes.crowd.sum()),
        skipped=masks.skipped,
        empty=int((agreement == 0).sum()),
        ignored=float(masks.ignored.mean()),
        scores=tuple(_score_numbers(masks, name, known) for name in masks.scores),
        shares=share_ignored(below, THRESHOLDS),
        paper_shares=share_ignored(below, list(PAPER_IGNORED)),
        classes=tuple(
            class_rows(
                masks.classes,
                agreement,
                masks.ignored,
                masks.scores.get('confidence'),
                masks.ious,
            )
        ),
        scored=int(known.sum()),
        mean_iou=float(masks.ious[known].mean()) if known.any() else None,
        reviews=_reviews(masks.file),
        expected=expected_iou(masks),
    )


def _reviews(file: MaskFile) -> dict[str, int]:
    counts = {review: int(getattr(file, review).sum()) for review in REVIEWS}
    return {review: count for review, count in counts.items() if count}


def _score_numbers(masks: ReportMasks, name: str, known: np.ndarray) -> ScoreNumbers:
    values = masks.scores[name]
    bands, rank = [], None
    if known.any():
        pairs = values[known], masks.ious[known]
        bands, rank = iou_bands(*pairs), spearman(*pairs)
    return ScoreNumbers(
        name=name,
        mean=float(values.mean()),
        median=float(np.median(values)),
        kept=histogram(values[~masks.ignored]),
        ignored=histogram(values[masks.ignored]),
        bands=tuple(bands),
        spearman=rank,
    )


def histogram(values: np.ndarray) -> np.ndarray:
    """Count the values in each of the 40 bins of ``BINS``.

    Args:
        values (np.ndarray): Values in [0, 1], shape (N,).

    Returns:
        np.ndarray: Counts, (40,) int. A value on the bound of two bins counts
        in the upper one.
    """
    # Not by np.histogram: due to rounding, 0.95 lies above its own bound.
    bins = np.searchsorted(BINS[1:-1] - 1e-9, values, side='right')
    return np.bincount(bins, minlength=len(BINS) - 1)


def share_ignored(
    agreement: np.ndarray, thresholds: Sequence[float] | np.ndarray
) -> np.ndarray:
    """Share of masks with an agreement below each threshold (Table 8).

    Args:
        agreement (np.ndarray): Agreement of each mask, (N,) in [0, 1], N at
            least 1.
        thresholds (Sequence[float]): The M thresholds.

    Returns:
        np.ndarray: Shares, (M,) in [0, 1].

    Example:
        >>> share_ignored(np.array([0.8, 0.9, 0.95, 1.0]), [0.85, 0.95]).tolist()
        [0.25, 0.5]
    """
    ordered = np.sort(agreement)
    return np.searchsorted(ordered, thresholds, side='left') / len(ordered)


def class_rows(
    classes: np.ndarray,
    agreement: np.ndarray,
    ignored: np.ndarray,
    confidence: np.ndarray | None = None,
    ious: np.ndarray | None = None,
) -> list[ClassRow]:
    """Compute the numbers of each class that has masks.

    Args:
        classes (np.ndarray): Place of each mask's category, (N,) int.
        agreement (np.ndarray): Agreement of each mask, (N,) in [0, 1].
        ignored (np.ndarray): Whether each mask is ignored, (N,) bool.
        confidence (np.ndarray | None): Confidence of each mask, (N,) in
            [0, 1]. Defaults to None.
        ious (np.ndarray | None): IoU of each mask with its true mask, (N,),
            NaN if that is not known. Defaults to None.

    Returns:
        list[ClassRow]: Numbers of the classes, those with the most masks
        first.
    """
    order = np.argsort(classes, kind='stable')
    found, starts, counts = np.unique(
        classes[order], return_index=True, return_counts=True
    )
    rows = []
    for index in np.argsort(-counts, kind='stable'):
        places = order[starts[index] : starts[index] + counts[index]]
        known = np.zeros(0) if ious is None else ious[places]
        known = known[~np.isnan(known)]
        rows.append(
            ClassRow(
                place=int(found[index]),
                count=len(places),
                agreement=float(agreement[places].mean()),
                median=float(np.median(agreement[places])),
                confidence=None
                if confidence is None
                else float(confidence[places].mean()),
                ignored=float(ignored[places].mean()),
                iou=float(known.mean()) if len(known) else None,
            )
        )
    return rows


def iou_bands(scores: np.ndarray, ious: np.ndarray) -> list[Band]:
    """Summarize the IoUs in bands of a score that are 0.05 wide.

    Args:
        scores (np.ndarray): Score of each mask, (N,) in [0, 1].
        ious (np.ndarray): IoU of each mask, (N,) in [0, 1].

    Returns:
        list[Band]: The bands that have masks, ascending.
    """
    bounds = np.linspace(0, 1, 21)
    band = np.searchsorted(bounds[1:-1] - 1e-9, scores, side='right')
    bands = []
    for index in np.unique(band):
        values = ious[band == index]
        q25, q75 = np.quantile(values, (0.25, 0.75))
        bands.append(
            Band(
                low=float(bounds[index]),
                high=float(bounds[index + 1]),
                count=len(values),
                mean=float(values.mean()),
                q25=float(q25),
                q75=float(q75),
            )
        )
    return bands
