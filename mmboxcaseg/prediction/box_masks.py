"""From the probabilities of crops to the masks of boxes (the paper, Sec. 3.4)."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import cv2
import numpy as np

from mmboxcaseg.masks import Claims, reaching_threshold

from .options import PredictOptions


@dataclass(frozen=True, eq=False)
class BoxMasks:
    """The masks of the N boxes of an image, as the network sees them.

    Attributes:
        rects (np.ndarray): (N, 4) int64, x0, y0, x1, y1, half-open, in pixels
            of the image.
        masks (list[np.ndarray]): N bool arrays of the size of their
            rectangles.
        confidence (np.ndarray | None): (N,) float64 in [0, 1], see
            :func:`masks_in_rects`; None where there is no such score.
        probs (list[np.ndarray] | None): N float32 arrays in [0, 1] of the
            same sizes, as compared with the threshold; on request, or where
            ``merge_exponent`` is given.
        merge_exponent (float | None): As in :class:`PredictOptions`.
    """

    rects: np.ndarray
    masks: list[np.ndarray]
    confidence: np.ndarray | None = None
    probs: list[np.ndarray] | None = None
    merge_exponent: float | None = None

    @property
    def claims(self) -> Claims | None:
        """How strongly the masks claim their pixels; None where the smallest
        object has them."""
        if self.merge_exponent is None:
            return None
        return Claims(self.probs, self.merge_exponent)


def min_max_normalize(probs: np.ndarray) -> np.ndarray:
    """Stretch one instance's probabilities to [0, 1].

    Args:
        probs (np.ndarray): float32, shape (H, W), in [0, 1].

    Returns:
        np.ndarray: Shape (H, W). All 0 where the input is constant.
    """
    probs = np.asarray(probs)
    low, high = probs.min(), probs.max()
    return (probs - low) / max(high - low, np.float32(1e-12))


def box_probs(probs: Iterator[np.ndarray], windows: np.ndarray) -> Iterator[np.ndarray]:
    """Average the crops of each box, of which some show more than the box.

    Args:
        probs (Iterator[np.ndarray]): Probabilities, float32, shape (S, S), of
            M crops a box, one after the other; N * M are taken from it.
        windows (np.ndarray): Where the box lies in each of its crops, x0, y0,
            x1, y1 as parts of the crop's width and height, shape (N, M, 4).

    Yields:
        np.ndarray: Probabilities in the box, shape (S, S), box after box.
    """
    for of_box in windows.tolist():
        views = [_window(np.asarray(prob), *of) for of, prob in zip(of_box, probs)]
        yield np.asarray(np.mean(views, axis=0, dtype=np.float32))


def _window(prob: np.ndarray, x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    """A window of a map (S, S), given in parts of it, resized to (S, S)."""
    if (x0, y0, x1, y1) == (0, 0, 1, 1):
        return prob
    # OpenCV's own warping rounds places to 1/32 of a pixel.
    return _stretched(_stretched(prob, y0, y1).T, x0, x1).T


def _stretched(prob: np.ndarray, start: float, end: float) -> np.ndarray:
    """The rows from start to end, parts of all, as many as there were."""
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
    """Resize each instance's probabilities to its rectangle.

    How far they are from undecided, mean(|2 p - 1|) over the box before they
    are normalised, tells how good a mask is where the agreement with the box
    does not (docs/variants.md).

    Args:
        probs (Iterator[np.ndarray]): Probabilities, float32, shape (S, S)
            each; as many as there are rectangles are taken from it.
        rects (np.ndarray): Pixel rectangles x0, y0, x1, y1 (half-open),
            integer, shape (N, 4).
        min_max (bool): Whether they are min-max normalised before. Defaults
            to True.

    Returns:
        tuple[list[np.ndarray], np.ndarray]: N float32 arrays of shape
        (y1 - y0, x1 - x0); their confidence, shape (N, ), in [0, 1].

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
    """The masks of an image from the probabilities of its crops.

    Args:
        probs (Iterator[np.ndarray]): Probabilities, float32, shape (S, S)
            each, of M crops a box; N * M are taken from it.
        rects (np.ndarray): Pixel rectangles of the boxes, see
            :func:`masks_in_rects`, shape (N, 4).
        windows (np.ndarray, optional): See :func:`box_probs`, shape
            (N, M, 4); None where each box has one crop that shows it alone.
        options (PredictOptions): How masks are made.

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
    )


def _threshold(prob: np.ndarray, options: PredictOptions) -> float:
    """The threshold of one instance, see :class:`PredictOptions`."""
    if options.min_threshold is None:
        return options.threshold
    return reaching_threshold(prob, options.min_threshold, options.threshold)
