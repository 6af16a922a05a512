"""Boxes in continuous coordinates and the pixel rectangles of their masks.

A mask is held inside its pixel rectangle, never as a full canvas, so the cost
of an instance does not depend on the size of the photo.
"""

from collections.abc import Sequence

import numpy as np

Boxes = np.ndarray | Sequence[Sequence[float]]
Size = int | np.ndarray


def _as_boxes(boxes: Boxes) -> np.ndarray:
    """``boxes`` as a float64 array of shape (N, 4)."""
    array = np.asarray(boxes, dtype=np.float64)
    if array.size == 0:
        return np.zeros((0, 4), dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != 4:
        raise ValueError(f'boxes must have shape (N, 4), xyxy; got {array.shape}')
    return array


def _clip(array: np.ndarray, height: Size, width: Size) -> np.ndarray:
    if np.ndim(width) or np.ndim(height):
        limits = np.stack(np.broadcast_arrays(width, height, width, height), -1)
    else:
        limits = np.array([width, height, width, height])
    return np.minimum(np.maximum(array, 0.0), limits)


def usable_boxes(boxes: Boxes, height: Size, width: Size) -> np.ndarray:
    """Which boxes still cover something once clipped to the image.

    A box with NaN or an infinite side, with zero or negative width or height,
    or wholly outside the image can't be cropped.

    Args:
        boxes (np.ndarray): (N, 4) xyxy, in pixels of the image.
        height (int or np.ndarray): Height of the image in pixels; (N,) where
            the boxes lie in different images.
        width (int or np.ndarray): Width of the image in pixels; (N,) where
            the boxes lie in different images.

    Returns:
        np.ndarray: (N,) bool.

    Example:
        >>> usable_boxes([(0, 0, 5, 5), (5, 5, 5, 9), (20, 0, 30, 5)], 10, 10).tolist()
        [True, False, False]
    """
    array = _as_boxes(boxes)
    return _usable(array, _clip(array, height, width))


def _usable(array: np.ndarray, clipped: np.ndarray) -> np.ndarray:
    """Whether boxes (N, 4) cover something once clipped, bool (N,)."""
    # NaN compares as false, so those rows need no further care.
    positive = (clipped[:, :2] < clipped[:, 2:]).all(axis=1)
    return positive & np.isfinite(array).all(axis=1)


def clip_boxes(boxes: Boxes, height: int, width: int) -> np.ndarray:
    """Boxes clipped to the image, in continuous coordinates.

    Args:
        boxes (np.ndarray): (N, 4) xyxy, in pixels of the image.
        height (int): Height of the image in pixels.
        width (int): Width of the image in pixels.

    Returns:
        np.ndarray: (N, 4) float64, xyxy, inside [0, width] x [0, height].

    Raises:
        ValueError: If a box is not :func:`usable <usable_boxes>`.

    Example:
        >>> clip_boxes([(-5, 10, 30, 250)], height=200, width=300).tolist()
        [[0.0, 10.0, 30.0, 200.0]]
    """
    array = _as_boxes(boxes)
    clipped = _clip(array, height, width)
    usable = _usable(array, clipped)
    if not usable.all():
        index = int(np.flatnonzero(~usable)[0])
        raise ValueError(
            f'box {index}, xyxy {array[index].tolist()}, covers nothing of '
            f'the image of {width} x {height} pixels (width x height); leave '
            'it out with usable_boxes()'
        )
    return clipped


def pixel_rects(boxes: Boxes, height: int, width: int) -> np.ndarray:
    """The pixel rectangle that holds the mask of each box.

    Each side of the clipped box goes to the nearest pixel edge: of all
    rectangles with whole sides this one is nearest to the box, so a mask that
    touches its four sides reaches the highest agreement with the box. Rounding
    outwards would cost every small box agreement for a fraction of a pixel.
    A box that rounds to nothing gets the pixel its centre lies in.

    Args:
        boxes (np.ndarray): (N, 4) xyxy, in pixels of the image.
        height (int): Height of the image in pixels.
        width (int): Width of the image in pixels.

    Returns:
        np.ndarray: (N, 4) int64, x0, y0, x1, y1, half-open: columns x0..x1-1
        and rows y0..y1-1. At least one pixel each, always inside the image.

    Raises:
        ValueError: If a box is not :func:`usable <usable_boxes>`.

    Example:
        >>> pixel_rects([(1.4, 2.6, 9.5, 7.0), (3.1, 3.1, 3.2, 3.2)], 10, 10).tolist()
        [[1, 3, 10, 7], [3, 3, 4, 4]]
    """
    clipped = clip_boxes(boxes, height, width)
    # Not np.round, which sends halves to the even edge: 1.5 and 2.5 would
    # both become 2 and a box of one pixel nothing.
    rects = np.floor(clipped + 0.5).astype(np.int64)
    empty = rects[:, 2:] <= rects[:, :2]
    if empty.any():
        centres = (clipped[:, :2] + clipped[:, 2:]) / 2
        limits = np.array([width - 1, height - 1], dtype=np.int64)
        pixels = np.minimum(np.floor(centres).astype(np.int64), limits)
        rects[:, :2][empty] = pixels[empty]
        rects[:, 2:][empty] = pixels[empty] + 1
    return rects


def areas(boxes: np.ndarray) -> np.ndarray:
    """Areas of boxes.

    Args:
        boxes (np.ndarray): (N, 4) xyxy.

    Returns:
        np.ndarray: (N,) of the same type.
    """
    sides = boxes[:, 2:] - boxes[:, :2]
    return sides[:, 0] * sides[:, 1]


def paired_ious(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """IoU of box i with box i.

    Args:
        one (np.ndarray): (N, 4) float, xyxy.
        other (np.ndarray): (N, 4) float, xyxy; box i of one of the two has an
            area.

    Returns:
        np.ndarray: (N,) float64 in [0, 1].
    """
    sides = np.minimum(one[:, 2:], other[:, 2:]) - np.maximum(one[:, :2], other[:, :2])
    np.maximum(sides, 0, out=sides)
    overlap = sides[:, 0] * sides[:, 1]
    union = areas(one) + areas(other) - overlap
    # Rounding may put a perfect overlap a hair above the union.
    return np.minimum(overlap / union, 1.0)


def covered_shares(rects: np.ndarray) -> np.ndarray:
    """How much of each rectangle the others of the image cover.

    Args:
        rects (np.ndarray): (N, 4) int, x0, y0, x1, y1, half-open, none of
            them empty, in pixels.

    Returns:
        np.ndarray: (N,) float64 in [0, 1], the share of its pixels that lie
        in any other one.
    """
    rects = np.asarray(rects, dtype=np.int64).reshape(-1, 4)
    shares = np.zeros(len(rects))
    low = np.maximum(rects[:, None, :2], rects[:, :2])
    high = np.minimum(rects[:, None, 2:], rects[:, 2:])
    meet = np.asarray((low < high).all(axis=-1))
    np.fill_diagonal(meet, False)
    for place in np.flatnonzero(meet.any(axis=1)).tolist():
        x0, y0, x1, y1 = rects[place].tolist()
        covered = np.zeros((y1 - y0, x1 - x0), dtype=bool)
        for other in np.flatnonzero(meet[place]).tolist():
            (left, top), (right, bottom) = (
                side[place, other] - (x0, y0) for side in (low, high)
            )
            covered[top:bottom, left:right] = True
        shares[place] = covered.mean()
    return shares
