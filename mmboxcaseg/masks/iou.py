"""IoU and Boundary IoU of masks."""

from collections.abc import Sequence

import cv2
import numpy as np
from pycocotools import mask as coco_mask

from .rects import pixel_rects
from .rle import RLE, encode_rle


def rle_iou(first: RLE, second: RLE) -> float:
    """IoU of two masks.

    Args:
        first (dict): Compressed RLE of a mask.
        second (dict): Compressed RLE of a mask of the same image.

    Returns:
        float: IoU in [0, 1]; 0 if both masks are empty.
    """
    both = coco_mask.area(coco_mask.merge([first, second], intersect=True))
    union = coco_mask.area(first) + coco_mask.area(second) - both
    return float(both / union) if union else 0.0


def box_rle(box: Sequence[float], size: tuple[int, int]) -> RLE:
    """The mask that fills a box: all pixels of its pixel rectangle.

    Args:
        box (Sequence[float]): x0, y0, x1, y1 in pixels of the image.
        size (tuple[int, int]): Height and width of the image in pixels.

    Returns:
        dict: Compressed RLE of the image's size.

    Raises:
        ValueError: If the box covers nothing of the image.
    """
    rect = pixel_rects([box], *size)[0]
    x0, y0, x1, y1 = rect
    return encode_rle(np.ones((y1 - y0, x1 - x0), dtype=bool), rect, *size)


def rect_mask_iou(mask: np.ndarray, rect: Sequence[int], truth: np.ndarray) -> float:
    """IoU of a mask inside a rectangle with a mask of the whole image.

    Args:
        mask (np.ndarray): Bool, shape (y1 - y0, x1 - x0).
        rect (Sequence[int]): x0, y0, x1, y1, half-open, inside the image.
        truth (np.ndarray): Mask of the whole image, 0 or 1, shape (H, W).

    Returns:
        float: IoU in [0, 1]; 0 if both masks are empty.
    """
    x0, y0, x1, y1 = rect
    intersection = np.count_nonzero(mask & (truth[y0:y1, x0:x1] > 0))
    union = np.count_nonzero(mask) + np.count_nonzero(truth) - intersection
    return intersection / union if union else 0.0


def boundary_width(height: int, width: int, ratio: float = 0.02) -> int:
    """Width of the boundary for Boundary IoU.

    Args:
        height (int): Height of the image in pixels.
        width (int): Width of the image in pixels.
        ratio (float): Width as a share of the image's diagonal. Defaults to
            0.02, as in Cheng et al., "Boundary IoU", CVPR 2021.

    Returns:
        int: Width in pixels, at least 1.

    Example:
        >>> boundary_width(480, 640)
        16
    """
    return max(1, round(ratio * float(np.hypot(height, width))))


def inner_boundary(mask: np.ndarray, width: int) -> np.ndarray:
    """The pixels of a mask that are near its outline (Cheng et al.).

    A pixel is near the outline if a background pixel, or a place outside the
    array, is at most ``width`` rows and at most ``width`` columns away. A
    mask thinner than two widths is all boundary, so for small objects
    Boundary IoU is the plain IoU.

    Args:
        mask (np.ndarray): Bool or 0 and 1, shape (H, W).
        width (int): Width of the boundary in pixels, at least 1.

    Returns:
        np.ndarray: Bool, shape (H, W).
    """
    framed = np.pad(np.asarray(mask, dtype=np.uint8), 1)
    inside = cv2.erode(framed, np.ones((3, 3), dtype=np.uint8), iterations=width)
    return (framed > inside)[1:-1, 1:-1]


def rect_boundary_iou(
    mask: np.ndarray, rect: Sequence[int], truth: np.ndarray, width: int
) -> float:
    """Boundary IoU of a mask inside a rectangle with one of the whole image.

    Boundary IoU is the IoU of the two inner boundaries.

    Args:
        mask (np.ndarray): Bool, shape (y1 - y0, x1 - x0).
        rect (Sequence[int]): x0, y0, x1, y1, half-open, inside the image.
        truth (np.ndarray): Mask of the whole image, 0 or 1, shape (H, W).
        width (int): Width of the boundaries in pixels, see
            :func:`boundary_width`.

    Returns:
        float: Boundary IoU in [0, 1]; 0 if both masks are empty.
    """
    return rect_mask_iou(
        inner_boundary(mask, width), rect, inner_boundary(truth, width)
    )


def rle_boundary_iou(first: RLE, second: RLE, width: int) -> float:
    """Boundary IoU of two masks of the whole image.

    Args:
        first (dict): Compressed RLE of a mask.
        second (dict): Compressed RLE of a mask of the same image.
        width (int): Width of the boundaries in pixels, see
            :func:`boundary_width`.

    Returns:
        float: Boundary IoU in [0, 1]; 0 if both masks are empty.
    """
    # Boundaries lie inside the tight boxes of the masks.
    found = coco_mask.toBbox([first, second]).astype(np.int64)
    x0, y0 = found[:, :2].min(axis=0)
    x1, y1 = (found[:, :2] + found[:, 2:]).max(axis=0)
    both = coco_mask.decode([first, second])[y0:y1, x0:x1]
    one, other = (inner_boundary(both[..., i], width) for i in range(2))
    union = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / union if union else 0.0
