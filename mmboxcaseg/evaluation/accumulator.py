"""The accumulator of mask scores that the metric and the command share."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from mmboxcaseg.masks import (
    RLE,
    boundary_width,
    covered_shares,
    encode_rles,
    rle_area,
    rle_boundary_iou,
    rle_iou,
)
from mmboxcaseg.thresholds import ignored_masks

from .instance_iou import size_groups, spearman, summarize_ious
from .mask_scores import BOX, MASKS, MaskScores, ScoreRow

# Objects count as covered if other boxes cover this share of their box or more.
COVERED = 0.2


@dataclass(frozen=True, eq=False, kw_only=True)
class InstanceIoUs:
    """IoUs of N masks, and of their filled boxes, with the true masks.

    Attributes:
        labels (np.ndarray): (N,) int64, class of each instance.
        areas (np.ndarray): (N,) float64, areas of the true masks in pixels.
        ious (np.ndarray): (N,) float64 in [0, 1], IoUs of the masks.
        box_ious (np.ndarray): (N,) float64 in [0, 1], IoUs of the filled
            boxes.
        covered (np.ndarray): (N,) float64 in [0, 1], share of each box that
            other boxes of its image cover.
        boundary_ious (np.ndarray | None): (N,) float64 in [0, 1], Boundary
            IoUs of the masks; None if they were not asked for.
        box_boundary_ious (np.ndarray | None): (N,) float64 in [0, 1],
            Boundary IoUs of the filled boxes; None if they were not asked
            for.
        agreement (np.ndarray | None): (N,) float64 in [0, 1]; None if the
            masks have none.
        confidence (np.ndarray | None): (N,) float64 in [0, 1]; None if the
            masks have none.
        rejected (np.ndarray | None): (N,) bool, masks that a person rejected;
            None if the masks were not reviewed.
    """

    labels: np.ndarray
    areas: np.ndarray
    ious: np.ndarray
    box_ious: np.ndarray
    covered: np.ndarray
    boundary_ious: np.ndarray | None = None
    box_boundary_ious: np.ndarray | None = None
    agreement: np.ndarray | None = None
    confidence: np.ndarray | None = None
    rejected: np.ndarray | None = None

    def __len__(self) -> int:
        """Number of instances, N."""
        return len(self.labels)

    def take(self, chosen: np.ndarray) -> 'InstanceIoUs':
        """Select some of the instances.

        Args:
            chosen (np.ndarray): Bool of shape (N,), or int places of shape
                (M,).

        Returns:
            InstanceIoUs: The chosen instances.
        """
        columns = {one.name: getattr(self, one.name) for one in fields(self)}
        return replace(
            self,
            **{
                name: column[chosen]
                for name, column in columns.items()
                if isinstance(column, np.ndarray)
            },
        )


def image_ious(
    rles: Sequence[RLE],
    rects: np.ndarray,
    true_rles: Sequence[RLE],
    labels: np.ndarray,
    boundary: bool = False,
    agreement: np.ndarray | None = None,
    confidence: np.ndarray | None = None,
    rejected: np.ndarray | None = None,
) -> InstanceIoUs:
    """Compare the masks of an image with the true ones.

    Args:
        rles (Sequence[dict]): Masks as N compressed RLEs of the image's size.
        rects (np.ndarray): (N, 4) int, pixel rectangles of their boxes, x0,
            y0, x1, y1, half-open, inside the image.
        true_rles (Sequence[dict]): True masks as N compressed RLEs.
        labels (np.ndarray): (N,) int, class of each instance.
        boundary (bool): Whether Boundary IoUs are computed too. The boundary
            is 2 % of the image's diagonal wide. Defaults to False.
        agreement (np.ndarray, optional): (N,) in [0, 1], agreement of each
            mask. Defaults to None.
        confidence (np.ndarray, optional): (N,) in [0, 1], confidence of each
            mask. Defaults to None.
        rejected (np.ndarray, optional): (N,) bool, masks that a person
            rejected. Defaults to None.

    Returns:
        InstanceIoUs: The IoUs of the instances.

    Raises:
        ValueError: If the numbers of masks and true masks differ.
    """
    rects = np.asarray(rects, dtype=np.int64).reshape(-1, 4)
    height, width = true_rles[0]['size'] if len(true_rles) else (1, 1)
    boxes = encode_rles(
        [np.ones((y1 - y0, x1 - x0), dtype=bool) for x0, y0, x1, y1 in rects.tolist()],
        rects,
        height,
        width,
    )
    columns = dict(
        ious=_paired(rle_iou, rles, true_rles),
        box_ious=_paired(rle_iou, boxes, true_rles),
        covered=covered_shares(rects),
    )
    if boundary:
        band = boundary_width(height, width)
        columns.update(
            boundary_ious=_paired(rle_boundary_iou, rles, true_rles, band),
            box_boundary_ious=_paired(rle_boundary_iou, boxes, true_rles, band),
        )
    return InstanceIoUs(
        labels=np.asarray(labels, dtype=np.int64),
        areas=np.array([rle_area(rle) for rle in true_rles], dtype=np.float64),
        agreement=agreement,
        confidence=confidence,
        rejected=rejected,
        **columns,
    )


def _paired(
    measure, rles: Sequence[RLE], true_rles: Sequence[RLE], *more
) -> np.ndarray:
    """A measure of each mask and its true mask, (N,) float64."""
    return np.array(
        [
            measure(rle, true_rle, *more)
            for rle, true_rle in zip(rles, true_rles, strict=True)
        ],
        dtype=np.float64,
    )


class MaskScoreAccumulator:
    """Compares masks image by image and summarizes them at the end.

    Args:
        boundary (bool): Whether Boundary IoUs are computed too. Defaults to
            False.
        images (Iterable[InstanceIoUs]): Results of :func:`image_ious` to
            start with, such as those of other processes. Defaults to ().
    """

    def __init__(
        self, boundary: bool = False, images: Iterable[InstanceIoUs] = ()
    ) -> None:
        self.boundary = boundary
        self._images = list(images)

    def update(
        self,
        rles: Sequence[RLE],
        rects: np.ndarray,
        true_rles: Sequence[RLE],
        labels: np.ndarray,
        agreement: np.ndarray | None = None,
        confidence: np.ndarray | None = None,
        rejected: np.ndarray | None = None,
    ) -> None:
        """Add the masks of an image, with the arguments of :func:`image_ious`."""
        self._images.append(
            image_ious(
                rles,
                rects,
                true_rles,
                labels,
                self.boundary,
                agreement,
                confidence,
                rejected,
            )
        )

    def ious(self) -> InstanceIoUs:
        """The IoUs of all images, in the order in which they were added."""
        # Without images, the columns are those of an empty image.
        images = self._images or [
            image_ious([], np.zeros((0, 4)), [], np.zeros(0), self.boundary)
        ]
        columns = {}
        for one in fields(InstanceIoUs):
            parts = [getattr(image, one.name) for image in images]
            columns[one.name] = None if parts[0] is None else np.concatenate(parts)
        return InstanceIoUs(**columns)

    def compute(
        self,
        by_size: bool = False,
        agreement_thrs: Sequence[float] = (),
        confidence_thrs: Sequence[float] = (),
        by_overlap: bool = False,
    ) -> MaskScores:
        """Summarize all images, with the arguments of :func:`summarize_masks`."""
        return summarize_masks(
            self.ious(), by_size, agreement_thrs, confidence_thrs, by_overlap=by_overlap
        )


def summarize_masks(
    ious: InstanceIoUs,
    by_size: bool = False,
    agreement_thrs: Sequence[float] = (),
    confidence_thrs: Sequence[float] = (),
    unusable: int = 0,
    by_overlap: bool = False,
    skipped: int = 0,
) -> MaskScores:
    """Summarize masks and their filled boxes, in all and by groups.

    Args:
        ious (InstanceIoUs): IoUs of the masks.
        by_size (bool): Whether there are also rows for small, medium and
            large objects. Defaults to False.
        agreement_thrs (Sequence[float]): Thresholds of the agreement, in
            [0, 1]. Each gives a row for the kept masks, whose agreement is at
            or above it, and a row for the ignored ones, which are below it or
            were rejected by a person (the paper, Table 8). There are no such
            rows if the masks have no agreement. Defaults to ().
        confidence_thrs (Sequence[float]): Thresholds of the confidence, in
            [0, 1], with the same rows. Defaults to ().
        unusable (int): Number of boxes that cover nothing of their image.
            Defaults to 0.
        by_overlap (bool): Whether there are also rows for free objects, of
            whose box others cover less than ``COVERED``, and for covered
            ones. Defaults to False.
        skipped (int): Number of boxes without a mask. Defaults to 0.

    Returns:
        MaskScores: The rows and rank correlations.

    Raises:
        ValueError: If a threshold is not in [0, 1].
    """
    groups: dict[str, np.ndarray] = dict(all=np.ones(len(ious), dtype=bool))
    if by_size:
        groups.update(size_groups(ious.areas))
    if by_overlap:
        covered = ious.covered >= COVERED
        groups.update(free=~covered, covered=covered)
    rows = [
        _row(ious, chosen, of=of, part=part)
        for of in (MASKS, BOX)
        for part, chosen in groups.items()
    ]
    for score, thrs in (('agreement', agreement_thrs), ('confidence', confidence_thrs)):
        values = getattr(ious, score)
        for thr in () if values is None else thrs:
            ignored = ignored_masks(values, agreement_thr=thr, rejected=ious.rejected)
            key: dict[str, Any] = {f'{score}_thr': float(thr)}
            rows += [
                _row(ious, ~ignored, part='kept', **key),
                _row(ious, ignored, part='ignored', **key),
            ]
    return MaskScores(
        rows=tuple(rows),
        spearman=spearman(ious.agreement, ious.ious),
        spearman_confidence=spearman(ious.confidence, ious.ious),
        unusable=unusable,
        rejected=0 if ious.rejected is None else int(ious.rejected.sum()),
        skipped=skipped,
    )


def _row(
    ious: InstanceIoUs,
    chosen: np.ndarray,
    part: str,
    of: str = MASKS,
    agreement_thr: float | None = None,
    confidence_thr: float | None = None,
) -> ScoreRow:
    """The row of some masks or of their filled boxes; chosen is (N,) bool."""
    some = ious.take(chosen)
    plain, boundary = (
        (some.ious, some.boundary_ious)
        if of == MASKS
        else (some.box_ious, some.box_boundary_ious)
    )
    numbers = summarize_ious(plain, some.labels)
    if boundary is not None:
        numbers.update(
            {
                f'boundary_{key}': value
                for key, value in summarize_ious(boundary, some.labels).items()
            }
        )
    return ScoreRow(
        of=of,
        part=part,
        agreement_thr=agreement_thr,
        confidence_thr=confidence_thr,
        instances=len(some),
        share=100 * float(chosen.mean()) if len(chosen) else 0.0,
        metrics={
            key: None if math.isnan(value) else value for key, value in numbers.items()
        },
    )
