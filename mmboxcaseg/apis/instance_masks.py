"""The masks of the boxes of an image, as the inferencer returns them."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mmboxcaseg.masks import merge_and_score, merged_confidence
from mmboxcaseg.prediction import BoxMasks


@dataclass(frozen=True, eq=False)
class InstanceMasks:
    """The masks of the N boxes of an image.

    Attributes:
        masks (np.ndarray): (N, H, W) bool.
        agreement (np.ndarray): (N,) float64 in [0, 1], IoU of each mask's
            tight box with its box.
        confidence (np.ndarray): (N,) float64 in [0, 1], confidence of the
            network, lowered by the share of the mask that merging took. It
            separates good masks from bad ones better than the agreement.
        probs (np.ndarray | None): (N, H, W) float32 in [0, 1], min-max
            normalised probabilities before merging and threshold, 0 outside
            the boxes. None unless asked for.
        visualization (np.ndarray | None): Picture of the masks, RGB, uint8,
            shape (H', W', 3). None unless asked for.
    """

    masks: np.ndarray
    agreement: np.ndarray
    confidence: np.ndarray
    probs: np.ndarray | None = None
    visualization: np.ndarray | None = None

    def _as_tuple(self) -> tuple:
        """The tuple that version 0.1 returned."""
        warnings.warn(
            'the result of BoxCasegInferencer has the attributes masks, '
            'agreement, confidence and probs; unpacking it is deprecated',
            DeprecationWarning,
            stacklevel=3,
        )
        parts = self.masks, self.agreement
        return parts if self.probs is None else (*parts, self.probs)

    def __iter__(self) -> Iterator[np.ndarray]:
        """Deprecated: iterate over masks, agreement and, if there are, probs."""
        return iter(self._as_tuple())

    def __getitem__(self, index: int) -> np.ndarray:
        """Deprecated: take masks, agreement or probs by their place."""
        return self._as_tuple()[index]


def empty_masks(
    count: int, height: int, width: int, with_probs: bool = False
) -> InstanceMasks:
    """Empty masks with scores of 0, which :func:`fill_masks` fills in.

    Args:
        count (int): Number N of boxes.
        height (int): Height of the image in pixels.
        width (int): Width of the image in pixels.
        with_probs (bool): Whether there are probabilities too. Defaults to
            False.

    Returns:
        InstanceMasks: The masks.
    """
    shape = (count, height, width)
    return InstanceMasks(
        np.zeros(shape, bool),
        np.zeros(count),
        np.zeros(count),
        np.zeros(shape, np.float32) if with_probs else None,
    )


def fill_masks(
    result: InstanceMasks,
    found: BoxMasks,
    boxes: np.ndarray,
    places: np.ndarray,
    merge: bool,
) -> None:
    """Merge and score predicted masks, and write them into a result.

    Args:
        result (InstanceMasks): Empty masks of all boxes of the image; they
            are changed in place.
        found (BoxMasks): Masks of the M usable boxes.
        boxes (np.ndarray): (M, 4) float, the usable boxes, xyxy in pixels.
        places (np.ndarray): (M,) int, places of the usable boxes among all.
        merge (bool): Whether the masks are merged.
    """
    rects = found.rects
    merged, result.agreement[places] = merge_and_score(
        found.masks,
        rects,
        boxes,
        result.masks.shape[1],
        result.masks.shape[2],
        merge,
        found.claims,
    )
    result.confidence[places] = merged_confidence(
        found.confidence, np.array([mask.sum() for mask in merged]), rects
    )
    for place, mask, (x0, y0, x1, y1) in zip(places, merged, rects):
        result.masks[place, y0:y1, x0:x1] = mask
    if result.probs is not None:
        for place, prob, (x0, y0, x1, y1) in zip(places, found.probs, rects):
            result.probs[place, y0:y1, x0:x1] = prob
