"""The masks of a report as columns."""

from dataclasses import dataclass

import numpy as np

from mmboxcaseg.annotations import MaskFile
from mmboxcaseg.evaluation import MaskIoUs
from mmboxcaseg.masks import areas
from mmboxcaseg.thresholds import ignored_masks


@dataclass(frozen=True, eq=False)
class ReportMasks:
    """The M masks of a file, without crowds and skipped boxes.

    Attributes:
        file (MaskFile): File of the masks.
        places (np.ndarray): (M,) int64, places of the masks in the file.
        classes (np.ndarray): (M,) int64, places of their categories.
        scores (dict[str, np.ndarray]): Scores by name, (M,) float64 in
            [0, 1]: ``'confidence'``, if the file has it, and ``'agreement'``.
            The first one orders the masks.
        ignored (np.ndarray): (M,) bool, masks that the mask loss ignores with
            these thresholds, see :func:`~mmboxcaseg.thresholds.ignored_masks`.
        asked (np.ndarray): (M,) bool, masks that a review may ask about: they
            are not given, accepted, rejected or empty.
        areas (np.ndarray): (M,) float64, areas of the boxes in square pixels;
            0 if a box covers nothing of its image.
        ious (np.ndarray | None): (M,) float64, IoUs with the true masks, NaN
            for masks without one; None if no true masks were given.
        thresholds (dict[str, float]): Thresholds that were given, in [0, 1], by
            the name of the score.
        skipped (int): Number of boxes of the file that were skipped when masks
            were made.
    """

    file: MaskFile
    places: np.ndarray
    classes: np.ndarray
    scores: dict[str, np.ndarray]
    ignored: np.ndarray
    asked: np.ndarray
    areas: np.ndarray
    ious: np.ndarray | None
    thresholds: dict[str, float]
    skipped: int

    @property
    def order_by(self) -> str:
        """Name of the score that orders the masks."""
        return next(iter(self.scores))

    @property
    def marks(self) -> bool:
        """Whether the report tells ignored masks from others."""
        return bool(self.thresholds) or bool(self.ignored.any())


def report_masks(
    file: MaskFile,
    ious: MaskIoUs | None = None,
    agreement_thr: float | None = None,
    confidence_thr: float | None = None,
) -> ReportMasks:
    """Collect the columns of a report from a file.

    Args:
        file (MaskFile): File of proxy masks.
        ious (MaskIoUs | None): IoUs with true masks. Defaults to None.
        agreement_thr (float | None): Masks with a lower agreement, in [0, 1],
            are ignored. Defaults to None: agreement is not looked at.
        confidence_thr (float | None): The same for the confidence. Defaults
            to None.

    Returns:
        ReportMasks: The columns.

    Raises:
        ValueError: If there are no masks, a threshold is not in [0, 1], or
            ``confidence_thr`` is given and the masks have no confidence.
    """
    boxes = file.boxes
    skipped = file.skipped & ~boxes.crowd
    # The scores of skipped boxes say nothing about the model.
    places = np.flatnonzero(~boxes.crowd & ~skipped)
    if not len(places):
        told = f' ({skipped.sum()} boxes were skipped)' if skipped.any() else ''
        raise ValueError(
            f'{boxes.path}: no annotation has a mask{told}, so there is nothing to '
            'report; give a file of boxcaseg masks'
        )
    # Confidence comes first: it separates good masks from bad ones better
    # (docs/variants.md).
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
            0.0 if agreement_thr is None else agreement_thr,
            confidence_thr,
            file.rejected[places],
        ),
        asked=~(file.kept | file.accepted | file.rejected)[places]
        & (scores['agreement'] > 0),
        areas=np.where(boxes.usable, areas(boxes.boxes), 0.0)[places],
        ious=known,
        thresholds={
            name: thr
            for name, thr in dict(
                agreement=agreement_thr, confidence=confidence_thr
            ).items()
            if thr is not None
        },
        skipped=int(skipped.sum()),
    )
