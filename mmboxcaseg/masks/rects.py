"""Boxes in continuous coordinates and the pixel rectangles of their masks.

A mask is stored inside its pixel rectangle, not as a canvas of the whole
image, so the cost of an instance does not depend on the size of the photo.
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
    """Find the boxes that cover something of the image.

    A box is not usable if it has a side that is NaN or infinite, has no
    positive width and height, or lies outside the image.

    Args:
        boxes (np.ndarray): (N, 4) xyxy, in pixels of the image.
        height (int | np.ndarray): Height of the image in pixels; (N,) if the
            boxes lie in different images.
        width (int | np.ndarray): Width of the image in pixels; (N,) if the
            boxes lie in different images.

    Returns:
        np.ndarray: (N,) bool.

    Raises:
        ValueError: If the boxes have another shape.

    Example:
        >>> usable_boxes([(0, 0, 5, 5), (5, 5, 5, 9), (20, 0, 30, 5)], 10, 10).tolist()
        [True, False, False]
    """
    array = _as_boxes(boxes)
    return _usable(array, _clip(array, height, width))


def _usable(array: np.ndarray, clipped: np.ndarray) -> np.ndarray:
    """Whether boxes (N, 4) cover something after clipping, (N,) bool."""
    # Comparisons with NaN are false, so such boxes are not positive.
    positive = (clipped[:, :2] < clipped[:, 2:]).all(axis=1)
    return positive & np.isfinite(array).all(axis=1)


def clip_boxes(boxes: Boxes, height: int, width: int) -> np.ndarray:
    """Clip boxes to the image, in continuous coordinates.

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
            f'the image of {width} x {height} pixels (width x height); select '
            'boxes with usable_boxes()'
        )
    return clipped


def pixel_rects(boxes: Boxes, height: int, width: int) -> np.ndarray:
    """Find the pixel rectangle for the mask of each box.

    Each side of the clipped box is rounded to the nearest pixel edge. A mask
    that touches all sides of this rectangle has the highest agreement with
    its box that a mask can have. Rounding outwards instead would lower the
    agreement of small boxes. A box that rounds to nothing gets the pixel that
    contains its centre.

    Args:
        boxes (np.ndarray): (N, 4) xyxy, in pixels of the image.
        height (int): Height of the image in pixels.
        width (int): Width of the image in pixels.

    Returns:
        np.ndarray: (N, 4) int64, x0, y0, x1, y1, half-open: columns x0..x1-1
        and rows y0..y1-1. Each has at least one pixel and lies inside the
        image.

    Raises:
        ValueError: If a box is not :func:`usable <usable_boxes>`.

    Example:
        >>> pixel_rects([(1.4, 2.6, 9.5, 7.0), (3.1, 3.1, 3.2, 3.2)], 10, 10).tolist()
        [[1, 3, 10, 7], [3, 3, 4, 4]]
    """
    clipped = clip_boxes(boxes, height, width)
    # Not np.round, which rounds halves to the even number: a box from 1.5 to
    # 2.5 would be empty.
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
        boxes (np.ndarray): (N, 4) xyxy, in pixels.

    Returns:
        np.ndarray: (N,) areas in square pixels, of the same dtype.

    Example:
        >>> areas(np.array([[0, 0, 4, 3]])).tolist()
        [12]
    """
    sides = boxes[:, 2:] - boxes[:, :2]
    return sides[:, 0] * sides[:, 1]


def paired_ious(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """IoU of each box with the box at the same place in another array.

    Args:
        one (np.ndarray): (N, 4) float, xyxy.
        other (np.ndarray): (N, 4) float, xyxy. Of each pair, at least one box
            has an area above 0.

    Returns:
        np.ndarray: (N,) float64 in [0, 1].

    Example:
        >>> paired_ious(np.array([[0.0, 0, 4, 4]]), np.array([[0.0, 0, 4, 2]])).tolist()
        [0.5]
    """
    sides = np.minimum(one[:, 2:], other[:, 2:]) - np.maximum(one[:, :2], other[:, :2])
    np.maximum(sides, 0, out=sides)
    overlap = sides[:, 0] * sides[:, 1]
    union = areas(one) + areas(other) - overlap
    # Rounding errors may give equal boxes an IoU slightly above 1.
    return np.minimum(overlap / union, 1.0)


def covered_shares(rects: np.ndarray) -> np.ndarray:
    """Share of each rectangle that the others of the image cover.

    Args:
        rects (np.ndarray): (N, 4) int, x0, y0, x1, y1, half-open, in pixels;
            none is empty.

    Returns:
        np.ndarray: (N,) float64 in [0, 1], share of the pixels that lie in at
        least one other rectangle.

    Example:
        >>> covered_shares(np.array([[0, 0, 4, 1], [3, 0, 5, 1]])).tolist()
        [0.25, 0.5]
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
