"""How well a mask fills the box it was made from."""
from typing import List, Sequence, Tuple

import numpy as np

from .merge import check_masks, merge
from .rects import Boxes, clip_boxes


def tight_boxes(masks: Sequence[np.ndarray], rects: np.ndarray) -> np.ndarray:
    """The tight box of each mask, in continuous coordinates.

    A mask of the pixel columns x0..x1 spans [x0, x1 + 1).

    Args:
        masks (Sequence[np.ndarray]): N bool arrays, mask i of shape
            (y1 - y0, x1 - x0) of its rectangle.
        rects (np.ndarray): (N, 4) int, x0, y0, x1, y1, half-open, in pixels
            of the image.

    Returns:
        np.ndarray: (N, 4) float64 xyxy, in pixels of the image; four zeros
        for an empty mask.

    Raises:
        ValueError: If numbers or shapes do not match.
    """
    rects = np.asarray(rects, dtype=np.int64).reshape(-1, 4)
    check_masks(masks, rects)
    boxes = np.zeros((len(masks), 4), dtype=np.float64)
    for index, (mask, rect) in enumerate(zip(masks, rects)):
        columns = np.flatnonzero(mask.any(axis=0))
        if columns.size == 0:
            continue
        rows = np.flatnonzero(mask.any(axis=1))
        boxes[index] = (rect[0] + columns[0], rect[1] + rows[0],
                        rect[0] + columns[-1] + 1, rect[1] + rows[-1] + 1)
    return boxes


def agreement(masks: Sequence[np.ndarray], rects: np.ndarray, boxes: Boxes,
              height: int, width: int) -> np.ndarray:
    """IoU of each mask's tight box with the annotated box.

    The quality score by which proxy masks are kept or ignored (the paper,
    Sec. 3.4 and Table 8). The annotated box is clipped to the image first.

    Args:
        masks (Sequence[np.ndarray]): N bool arrays, mask i of shape
            (y1 - y0, x1 - x0) of its rectangle; after merging.
        rects (np.ndarray): (N, 4) int, x0, y0, x1, y1, half-open, in pixels
            of the image.
        boxes (np.ndarray): (N, 4) float, the annotated boxes, xyxy, in pixels
            of the image.
        height (int): Height of the image in pixels.
        width (int): Width of the image in pixels.

    Returns:
        np.ndarray: (N,) float64 in [0, 1]; 0 for an empty mask.

    Raises:
        ValueError: If numbers or shapes do not match, or a box covers nothing
            of the image.
    """
    truth = clip_boxes(boxes, height, width)
    tight = tight_boxes(masks, rects)
    if len(truth) != len(tight):
        raise ValueError(f'{len(tight)} masks, but {len(truth)} boxes')
    sides = np.minimum(tight[:, 2:], truth[:, 2:]) - np.maximum(
        tight[:, :2], truth[:, :2])
    overlap = np.clip(sides, 0, None).prod(axis=1)
    tight_area = (tight[:, 2:] - tight[:, :2]).prod(axis=1)
    truth_area = (truth[:, 2:] - truth[:, :2]).prod(axis=1)
    # Rounding may put a perfect overlap a hair above the union.
    return np.minimum(overlap / (tight_area + truth_area - overlap), 1.0)


def merge_and_score(
        masks: Sequence[np.ndarray],
        rects: np.ndarray,
        boxes: Boxes,
        height: int,
        width: int,
        merging: bool = True) -> Tuple[List[np.ndarray], np.ndarray]:
    """From the network's masks of an image to its proxy masks.

    Args:
        masks (Sequence[np.ndarray]): N bool arrays, mask i of shape
            (y1 - y0, x1 - x0) of its rectangle.
        rects (np.ndarray): (N, 4) int, x0, y0, x1, y1, half-open, in pixels
            of the image.
        boxes (np.ndarray): (N, 4) float, the annotated boxes, xyxy, in pixels
            of the image.
        height (int): Height of the image in pixels.
        width (int): Width of the image in pixels.
        merging (bool): Whether a pixel claimed by several masks goes to the
            smallest object only. Defaults to True.

    Returns:
        tuple[list[np.ndarray], np.ndarray]: N bool arrays of the same shapes,
        and their (N,) agreements in [0, 1].

    Raises:
        ValueError: If numbers or shapes do not match, or a box covers nothing
            of the image.
    """
    if merging:
        clipped = clip_boxes(boxes, height, width)
        areas = (clipped[:, 2:] - clipped[:, :2]).prod(axis=1)
        masks = merge(masks, rects, areas)
    return list(masks), agreement(masks, rects, boxes, height, width)
