"""How well a mask fills the box it was made from."""
from typing import List, Sequence, Tuple

import numpy as np

from .merge import check_masks, merge
from .rects import Boxes, areas, clip_boxes, paired_ious


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
    for index, (mask, (x0, y0, x1,
                       y1)) in enumerate(zip(masks, rects.tolist())):
        # Searching bytes stops at the first hit, from either end.
        pixels = mask.tobytes()
        first = pixels.find(1)
        if first < 0:
            continue
        columns = mask.any(axis=0)
        boxes[index] = (x0 + columns.argmax(), y0 + first // (x1 - x0),
                        x1 - columns[::-1].argmax(),
                        y0 + pixels.rfind(1) // (x1 - x0) + 1)
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
    return _ious(tight_boxes(masks, rects), clip_boxes(boxes, height, width))


def _ious(tight: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """IoU of tight box i with annotated box i, (N, 4) xyxy each."""
    if len(truth) != len(tight):
        raise ValueError(f'{len(tight)} masks, but {len(truth)} boxes')
    return paired_ious(tight, truth)


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
    clipped = clip_boxes(boxes, height, width)
    if merging:
        masks = merge(masks, rects, areas(clipped))
    return list(masks), _ious(tight_boxes(masks, rects), clipped)
