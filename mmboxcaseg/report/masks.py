"""The masks that a report is about, as columns."""

from dataclasses import dataclass

import numpy as np

from mmboxcaseg.annotations import MaskFile
from mmboxcaseg.evaluation import MaskIoUs
from mmboxcaseg.masks import areas
from mmboxcaseg.thresholds import DEFAULT_AGREEMENT_THR, ignored_masks


@dataclass(frozen=True, eq=False)
class ReportMasks:
    """The M masks of a file, crowds not among them.

    Attributes:
        file (MaskFile): Where they come from.
        places (np.ndarray): (M,) int64, their places in it.
        classes (np.ndarray): (M,) int64, places of their categories.
        scores (dict[str, np.ndarray]): (M,) float64 in [0, 1], by name, the
            one that orders masks first: ``'confidence'`` where the file has
            it, and ``'agreement'``.
        ignored (np.ndarray): (M,) bool, see
            :func:`~mmboxcaseg.thresholds.ignored_masks`.
        asked (np.ndarray): (M,) bool, those that a review may ask about: not
            given, neither accepted nor rejected, and not empty.
        areas (np.ndarray): (M,) float64, areas of the boxes in square pixels;
            0 where a box covers nothing of its image.
        ious (np.ndarray | None): (M,) float64, IoU with the true masks, NaN
            where there is none; None where no true masks were given.
        agreement_thr (float): The threshold of the agreement.
        confidence_thr (float | None): That of the confidence.
    """

    file: MaskFile
    places: np.ndarray
    classes: np.ndarray
    scores: dict[str, np.ndarray]
    ignored: np.ndarray
    asked: np.ndarray
    areas: np.ndarray
    ious: np.ndarray | None
    agreement_thr: float
    confidence_thr: float | None

    @property
    def order_by(self) -> str:
        """The score by which masks are chosen."""
        return next(iter(self.scores))


def report_masks(
    file: MaskFile,
    ious: MaskIoUs | None = None,
    agreement_thr: float = DEFAULT_AGREEMENT_THR,
    confidence_thr: float | None = None,
) -> ReportMasks:
    """Take the columns of a report out of a file.

    Args:
        file (MaskFile): Proxy masks.
        ious (MaskIoUs | None): What comparing them with true masks gave.
            Defaults to None.
        agreement_thr (float): Masks with a lower agreement are ignored.
            Defaults to 0.95.
        confidence_thr (float | None): So are those with a lower confidence.
            Defaults to None.

    Returns:
        ReportMasks: The columns.

    Raises:
        ValueError: If there are no masks, or as of
            :func:`~mmboxcaseg.thresholds.ignored_masks`.
    """
    boxes = file.boxes
    places = np.flatnonzero(~boxes.crowd)
    if not len(places):
        raise ValueError(
            f'{boxes.path}: no annotation has a mask, so there is nothing to '
            'report; give a file of boxcaseg masks'
        )
    # Confidence tells good masks from bad ones better (docs/variants.md).
    columns = dict(confidence=file.confidence, agreement=file.agreement)
    scores = {
        name: column[places] for name, column in columns.items() if column is not None
    }
    known: np.ndarray | None = None
    if ious is not None:
        known = np.full(len(boxes), np.nan)
        known[ious.places] = ious.ious
        known = known[places]
    return ReportMasks(
        file=file,
        places=places,
        classes=boxes.category_index[places],
        scores=scores,
        ignored=ignored_masks(
            scores['agreement'],
            scores.get('confidence'),
            agreement_thr,
            confidence_thr,
            file.rejected[places],
        ),
        asked=~(file.kept | file.accepted | file.rejected)[places]
        & (scores['agreement'] > 0),
        areas=np.where(boxes.usable, areas(boxes.boxes), 0.0)[places],
        ious=known,
        agreement_thr=agreement_thr,
        confidence_thr=confidence_thr,
    )
