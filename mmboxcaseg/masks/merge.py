"""Overlapping masks of an image made disjoint: "smaller object better"."""
from collections.abc import Sequence

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
          box_areas: Sequence[float]) -> list[np.ndarray]:
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
        image: those that meet a smaller object are copies, the others the
        arrays given. The input is left as it was.

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
    merged = list(masks)
    x0, y0, x1, y1 = rects.T
    meet = (x0[:, None] < x1) & (y0[:, None] < y1)
    losers, winners = np.nonzero(meet & meet.T)
    corners = rects.tolist()
    # Among equal areas the earlier annotation wins.
    ranks = list(zip(areas.tolist(), range(len(areas))))
    for loser, winner in zip(losers.tolist(), winners.tolist()):
        if ranks[winner] >= ranks[loser]:
            continue
        left, top, right, bottom = corners[loser]
        x0, y0, x1, y1 = corners[winner]
        low, high = max(left, x0), min(right, x1)
        head, foot = max(top, y0), min(bottom, y1)
        if merged[loser] is masks[loser]:
            merged[loser] = masks[loser].copy()
        # The winner's own claim counts even where a still smaller object
        # takes the pixel from it: the loser has lost it either way.
        claimed = masks[winner][head - y0:foot - y0, low - x0:high - x0]
        lost = merged[loser][head - top:foot - top, low - left:high - left]
        # Of booleans, "greater" is "and not".
        np.greater(lost, claimed, out=lost)
    return merged
