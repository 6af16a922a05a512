"""Overlapping masks of an image made disjoint: "smaller object better"."""
from typing import List, Sequence

import numpy as np


def check_masks(masks: Sequence[np.ndarray], rects: np.ndarray) -> None:
    """Check that every mask has the shape of its pixel rectangle.

    Args:
        masks (Sequence[np.ndarray]): N bool arrays.
        rects (np.ndarray): (N, 4) int, x0, y0, x1, y1, half-open.

    Raises:
        ValueError: If numbers or shapes do not match.
    """
    if len(masks) != len(rects):
        raise ValueError(f'{len(masks)} masks, but {len(rects)} rectangles')
    for index, (mask, rect) in enumerate(zip(masks, rects.tolist())):
        x0, y0, x1, y1 = rect
        if mask.shape != (y1 - y0, x1 - x0) or mask.dtype != bool:
            raise ValueError(
                f'mask {index} is {mask.dtype} of shape {mask.shape}, but its '
                f'rectangle {rect} holds bool of shape {(y1 - y0, x1 - x0)}: '
                'it does not fit')


def merge(masks: Sequence[np.ndarray], rects: np.ndarray,
          box_areas: Sequence[float]) -> List[np.ndarray]:
    """Give each pixel claimed by several masks to the smallest object.

    The smallest object is the one with the smallest box, not the smallest
    mask (the paper, Sec. 3.4: "smaller object better"). Of boxes with the
    same area the earlier one wins. Only the intersections of rectangles are
    looked at; there is no full canvas.

    Args:
        masks (Sequence[np.ndarray]): N bool arrays, mask i of shape
            (y1 - y0, x1 - x0) of its rectangle.
        rects (np.ndarray): (N, 4) int, x0, y0, x1, y1, half-open, in pixels
            of the image.
        box_areas (Sequence[float]): (N,) areas of the boxes clipped to the
            image, in square pixels.

    Returns:
        list[np.ndarray]: N bool arrays of the same shapes, disjoint in the
        image. The input is left as it was.

    Raises:
        ValueError: If numbers or shapes do not match, or an area is NaN.
    """
    rects = np.asarray(rects, dtype=np.int64).reshape(-1, 4)
    areas = np.asarray(box_areas, dtype=np.float64)
    check_masks(masks, rects)
    if areas.shape != (len(masks), ):
        raise ValueError(
            f'{len(masks)} masks, but box areas of shape {areas.shape}')
    if np.isnan(areas).any():
        raise ValueError(
            f'the area of box {int(np.isnan(areas).argmax())} is NaN')

    # A stable sort keeps the order of annotations among equal areas.
    order = np.argsort(areas, kind='stable')
    rects = rects[order]
    low = np.maximum(rects[:, None, :2], rects[None, :, :2])
    high = np.minimum(rects[:, None, 2:], rects[None, :, 2:])
    # Each pair of intersecting rectangles once, the later one losing.
    losers, winners = np.nonzero(np.tril((low < high).all(axis=2), -1))
    merged = [mask.copy() for mask in masks]
    corners, order = rects[:, :2].tolist(), order.tolist()
    for loser, winner, (x0, y0), (x1,
                                  y1) in zip(losers.tolist(), winners.tolist(),
                                             low[losers, winners].tolist(),
                                             high[losers, winners].tolist()):
        # The winner's own claim counts even where a still smaller object
        # takes the pixel from it: the loser has lost it either way.
        left, top = corners[winner]
        claimed = masks[order[winner]][y0 - top:y1 - top, x0 - left:x1 - left]
        left, top = corners[loser]
        lost = merged[order[loser]][y0 - top:y1 - top, x0 - left:x1 - left]
        # Of booleans, "greater" is "and not".
        np.greater(lost, claimed, out=lost)
    return merged
