"""Masks of boxes from the probabilities of their crops (the paper, Sec. 3.4)."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import cv2
import numpy as np

from mmboxcaseg.masks import Claims, reaching_threshold

from .options import PredictOptions


@dataclass(frozen=True, eq=False)
class BoxMasks:
    """The masks of the N boxes of an image, before merging.

    Attributes:
        rects (np.ndarray): (N, 4) int64, pixel rectangles of the boxes, x0,
            y0, x1, y1, half-open, in pixels of the image.
        masks (list[np.ndarray]): N bool arrays of the size of their
            rectangles.
        confidence (np.ndarray | None): (N,) float64 in [0, 1], see
            :func:`masks_in_rects`; None if the network has no such score.
        probs (list[np.ndarray] | None): N float32 arrays in [0, 1] of the
            same sizes: the probabilities that were compared with the
            threshold. They are there if the options ask for them or
            ``merge_exponent`` is given.
        merge_exponent (float | None): See :class:`PredictOptions`.
        merge_tolerance (float): See :class:`PredictOptions`.
    """

    rects: np.ndarray
    masks: list[np.ndarray]
    confidence: np.ndarray | None = None
    probs: list[np.ndarray] | None = None
    merge_exponent: float | None = None
    merge_tolerance: float = 1.0

    @property
    def claims(self) -> Claims | None:
        """Claims of the masks to their pixels; None if the smallest object
        gets a pixel."""
        if self.merge_exponent is None:
            return None
        return Claims(self.probs, self.merge_exponent, self.merge_tolerance)


def min_max_normalize(probs: np.ndarray) -> np.ndarray:
    """Scale the probabilities of an instance to the range [0, 1].

    Args:
        probs (np.ndarray): Probabilities in [0, 1], float32, shape (H, W).

    Returns:
        np.ndarray: Scaled probabilities, shape (H, W); all 0 if the input is
        constant.

    Example:
        >>> min_max_normalize(np.array([[0.25, 0.5, 0.75]])).tolist()
        [[0.0, 0.5, 1.0]]
    """
    probs = np.asarray(probs)
    low, high = probs.min(), probs.max()
    return (probs - low) / max(high - low, np.float32(1e-12))


def box_probs(probs: Iterator[np.ndarray], windows: np.ndarray) -> Iterator[np.ndarray]:
    """Average the probabilities of each box over its crops.

    A crop may show more than the box. Only the part inside the box is used.

    Args:
        probs (Iterator[np.ndarray]): Probabilities of N * M crops, float32,
            shape (S, S) each; the M crops of a box follow each other.
        windows (np.ndarray): Windows of the boxes in their crops, shape
            (N, M, 4): x0, y0, x1, y1 as shares of the crop's width and
            height.

    Yields:
        np.ndarray: Probabilities in a box, float32, shape (S, S), in the
        order of the boxes.
    """
    for of_box in windows.tolist():
        views = [_window(np.asarray(prob), *of) for of, prob in zip(of_box, probs)]
        yield np.asarray(np.mean(views, axis=0, dtype=np.float32))


def _window(prob: np.ndarray, x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    """A window of a map (S, S), in shares of its sides, resized to (S, S)."""
    if (x0, y0, x1, y1) == (0, 0, 1, 1):
        return prob
    # Not by OpenCV's warping, which rounds coordinates to 1/32 of a pixel.
    return _stretched(_stretched(prob, y0, y1).T, x0, x1).T


def _stretched(prob: np.ndarray, start: float, end: float) -> np.ndarray:
    """The rows from start to end, in shares of all, resized to all rows."""
    count = len(prob)
    centres = (np.arange(count) + 0.5) / count
    places = (start + (end - start) * centres) * count - 0.5
    places = places.clip(0, count - 1)
    below = np.minimum(places.astype(np.int64), max(count - 2, 0))
    share = (places - below).astype(np.float32)[:, None]
    above = np.minimum(below + 1, count - 1)
    return prob[below] * (1 - share) + prob[above] * share


def masks_in_rects(
    probs: Iterator[np.ndarray], rects: np.ndarray, min_max: bool = True
) -> tuple[list[np.ndarray], np.ndarray]:
    """Resize the probabilities of each box to its rectangle.

    The confidence of a box is the mean of |2 p - 1| over its probabilities p
    before they are normalised. It separates good masks from bad ones where
    the agreement with the box does not (docs/variants.md).

    Args:
        probs (Iterator[np.ndarray]): Probabilities of the N boxes, float32,
            shape (S, S) each.
        rects (np.ndarray): Pixel rectangles of the boxes, x0, y0, x1, y1,
            half-open, (N, 4) int.
        min_max (bool): Whether probabilities are min-max normalised before
            they are resized. Defaults to True.

    Returns:
        tuple[list[np.ndarray], np.ndarray]: N float32 arrays of shape
        (y1 - y0, x1 - x0); and the confidences, (N,) float64 in [0, 1].

    Raises:
        ValueError: If there are fewer probabilities than rectangles.
    """
    corners = rects.tolist()
    resized, confidences = [], []
    for prob, (x0, y0, x1, y1) in zip(
        islice(probs, len(corners)), corners, strict=True
    ):
        prob = np.asarray(prob)
        confidences.append(float(np.abs(2 * prob - 1).mean()))
        prob = min_max_normalize(prob) if min_max else prob
        resized.append(
            cv2.resize(prob, (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)
        )
    return resized, np.array(confidences)


def box_masks(
    probs: Iterator[np.ndarray],
    rects: np.ndarray,
    windows: np.ndarray | None,
    options: PredictOptions,
) -> BoxMasks:
    """Make the masks of an image from the probabilities of its crops.

    Args:
        probs (Iterator[np.ndarray]): Probabilities of N * M crops, float32,
            shape (S, S) each; the M crops of a box follow each other.
        rects (np.ndarray): Pixel rectangles of the boxes, x0, y0, x1, y1,
            half-open, (N, 4) int.
        windows (np.ndarray | None): Windows of the boxes in their crops,
            shape (N, M, 4), see :func:`box_probs`; None if each box has one
            crop that shows only the box.
        options (PredictOptions): Options of the prediction.

    Returns:
        BoxMasks: The masks.

    Raises:
        ValueError: If there are fewer probabilities than crops.
    """
    if windows is not None:
        probs = box_probs(probs, windows)
    mask_probs, confidence = masks_in_rects(probs, rects, options.min_max)
    kept = options.with_probs or options.merge_exponent is not None
    return BoxMasks(
        rects=rects,
        masks=[prob > _threshold(prob, options) for prob in mask_probs],
        confidence=confidence,
        probs=mask_probs if kept else None,
        merge_exponent=options.merge_exponent,
        merge_tolerance=options.merge_tolerance,
    )


def _threshold(prob: np.ndarray, options: PredictOptions) -> float:
    """The threshold of one instance, see :class:`PredictOptions`."""
    if options.min_threshold is None:
        return options.threshold
    return reaching_threshold(prob, options.min_threshold, options.threshold)
