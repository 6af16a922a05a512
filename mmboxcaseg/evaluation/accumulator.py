"""One accumulator of mask scores, behind the metric and the command."""

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

# Share of a box from which on others cover it.
COVERED = 0.2


@dataclass(frozen=True, eq=False, kw_only=True)
class InstanceIoUs:
    """How well N masks, and their filled boxes, cover the true masks.

    Attributes:
        labels (np.ndarray): (N,) int64, class of each instance.
        areas (np.ndarray): (N,) float64, areas of the true masks in pixels.
        ious (np.ndarray): (N,) float64 in [0, 1], of the masks.
        box_ious (np.ndarray): (N,) float64 in [0, 1], of the filled boxes.
        covered (np.ndarray): (N,) float64 in [0, 1], share of each box that
            other boxes of its image cover.
        boundary_ious (np.ndarray | None): (N,) float64 in [0, 1], Boundary
            IoU of the masks; None where it was not asked for.
        box_boundary_ious (np.ndarray | None): The same of the filled boxes.
        agreement (np.ndarray | None): (N,) float64 in [0, 1]; None where the
            masks have none.
        confidence (np.ndarray | None): The same for confidence.
        rejected (np.ndarray | None): (N,) bool, masks that a person rejected;
            None where nothing is known of it.
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
        """Some of the instances.

        Args:
            chosen (np.ndarray): Bool of shape (N,), or places (M,).

        Returns:
            InstanceIoUs: Their columns.
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
        rles (Sequence[dict]): Compressed RLE of N masks, of the image's size.
        rects (np.ndarray): (N, 4) int, pixel rectangles of their boxes, x0,
            y0, x1, y1, half-open, inside the image.
        true_rles (Sequence[dict]): Compressed RLE of the N true masks.
        labels (np.ndarray): (N,) int, their classes.
        boundary (bool): Whether Boundary IoU is wanted too, with boundaries
            as wide as 2 % of the image's diagonal. Defaults to False.
        agreement (np.ndarray, optional): (N,) in [0, 1]. Defaults to None.
        confidence (np.ndarray, optional): (N,) in [0, 1]. Defaults to None.
        rejected (np.ndarray, optional): (N,) bool. Defaults to None.

    Returns:
        InstanceIoUs: Their IoUs.
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
    """A measure of mask i and true mask i, (N,) float64."""
    return np.array(
        [
            measure(rle, true_rle, *more)
            for rle, true_rle in zip(rles, true_rles, strict=True)
        ],
        dtype=np.float64,
    )


class MaskScoreAccumulator:
    """Masks are compared image by image, and summarized at the end.

    Args:
        boundary (bool): Whether Boundary IoU is wanted too. Defaults to
            False.
        images (Iterable[InstanceIoUs]): What :func:`image_ious` gave for
            images, such as those of other processes. Defaults to ().
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
        """Add the masks of an image; for the arguments see
        :func:`image_ious`."""
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
        """The columns of all images, one image after the other."""
        # An empty image, so that there are columns without any.
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
        """The numbers of all images; see :func:`summarize_masks`."""
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
) -> MaskScores:
    """The numbers of masks, of their filled boxes, and by thresholds.

    Args:
        ious (InstanceIoUs): The masks.
        by_size (bool): Whether the rows of the masks and of the filled boxes
            are followed by those of small, medium and large objects. Defaults
            to False.
        agreement_thrs (Sequence[float]): For each, in [0, 1], a row of the
            masks with that agreement or a higher one, and a row of the
            others, which training would ignore (the paper, Table 8), as it
            does those that a person rejected; none where the masks have no
            agreement. Defaults to ().
        confidence_thrs (Sequence[float]): The same for confidence. Defaults
            to ().
        unusable (int): How many boxes cover nothing of their image. Defaults
            to 0.
        by_overlap (bool): Whether they are followed by those of free objects,
            of whose box others cover less than ``COVERED``, and of covered
            ones. Defaults to False.

    Returns:
        MaskScores: The numbers.

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
    )


def _row(
    ious: InstanceIoUs,
    chosen: np.ndarray,
    part: str,
    of: str = MASKS,
    agreement_thr: float | None = None,
    confidence_thr: float | None = None,
) -> ScoreRow:
    """The numbers of the chosen masks, or of their boxes; chosen is bool."""
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
