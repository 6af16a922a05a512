"""Class-agnostic mask quality, boxes given (the paper, Sec. 4)."""
from typing import Sequence

import cv2
import numpy as np

THRESHOLDS = (25, 50, 70, 75)
# COCO's object sizes: areas of the true mask in pixels, from and below.
SIZES = dict(small=(0, 32**2), medium=(32**2, 96**2), large=(96**2, np.inf))


def rect_mask_iou(mask: np.ndarray, rect: Sequence[int],
                  truth: np.ndarray) -> float:
    """IoU of a mask inside a rectangle with a mask of the whole image.

    Args:
        mask (np.ndarray): Boolean, shape (y1 - y0, x1 - x0).
        rect (Sequence[int]): x0, y0, x1, y1, half-open, inside the image.
        truth (np.ndarray): 0 or 1, shape (H, W) of the image.

    Returns:
        float: In [0, 1]; 0 where both are empty.
    """
    x0, y0, x1, y1 = rect
    intersection = np.count_nonzero(mask & (truth[y0:y1, x0:x1] > 0))
    union = np.count_nonzero(mask) + np.count_nonzero(truth) - intersection
    return intersection / union if union else 0.0


def boundary_width(height: int, width: int, ratio: float = 0.02) -> int:
    """Width of the boundary band of Boundary IoU.

    Args:
        height (int): Height of the image in pixels.
        width (int): Width of the image in pixels.
        ratio (float): Share of the image's diagonal. Defaults to 0.02, as in
            Cheng et al., "Boundary IoU", CVPR 2021.

    Returns:
        int: In pixels, at least 1.
    """
    return max(1, round(ratio * float(np.hypot(height, width))))


def inner_boundary(mask: np.ndarray, width: int) -> np.ndarray:
    """The pixels of a mask that are near its outline (Cheng et al.).

    A pixel is near if a pixel that is not in the mask, or lies outside the
    array, is at most ``width`` rows and at most ``width`` columns away. A
    mask thinner than two widths is all boundary, so that Boundary IoU is the
    plain IoU for small objects.

    Args:
        mask (np.ndarray): Boolean or 0 and 1, shape (H, W).
        width (int): In pixels, at least 1.

    Returns:
        np.ndarray: Boolean, shape (H, W).
    """
    framed = np.pad(np.asarray(mask, dtype=np.uint8), 1)
    inside = cv2.erode(
        framed, np.ones((3, 3), dtype=np.uint8), iterations=width)
    return (framed > inside)[1:-1, 1:-1]


def rect_boundary_iou(mask: np.ndarray, rect: Sequence[int], truth: np.ndarray,
                      width: int) -> float:
    """Boundary IoU of a mask inside a rectangle with one of the whole image.

    It is the IoU of the two inner boundaries.

    Args:
        mask (np.ndarray): Boolean, shape (y1 - y0, x1 - x0).
        rect (Sequence[int]): x0, y0, x1, y1, half-open, inside the image.
        truth (np.ndarray): 0 or 1, shape (H, W) of the image.
        width (int): Of the boundaries, see :func:`boundary_width`.

    Returns:
        float: In [0, 1]; 0 where both are empty.
    """
    return rect_mask_iou(
        inner_boundary(mask, width), rect, inner_boundary(truth, width))


def summarize_ious(ious: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """The paper's numbers from the IoU of every instance.

    Args:
        ious (np.ndarray): Shape (N, ), in [0, 1].
        labels (np.ndarray): Class of each instance, shape (N, ).

    Returns:
        dict[str, float]: In percent: ``mIoU_star`` (mean over classes of the
        mean IoU over the class's instances), ``mIoU`` (mean over instances)
        and ``IoU@25``, ``@50``, ``@70``, ``@75`` (share of instances with an
        IoU strictly above). NaN without instances.
    """
    ious = np.asarray(ious, dtype=np.float64)
    labels = np.asarray(labels)
    if not len(ious):
        keys = ['mIoU_star', 'mIoU', *(f'IoU@{k}' for k in THRESHOLDS)]
        return dict.fromkeys(keys, float('nan'))
    class_means = [ious[labels == label].mean() for label in np.unique(labels)]
    result = dict(
        mIoU_star=100 * float(np.mean(class_means)),
        mIoU=100 * float(ious.mean()))
    for k in THRESHOLDS:
        result[f'IoU@{k}'] = 100 * float(np.mean(ious > k / 100))
    return result


def summarize_by_size(ious: np.ndarray, labels: np.ndarray,
                      areas: np.ndarray) -> dict[str, float]:
    """:func:`summarize_ious` of small, medium and large objects.

    Args:
        ious (np.ndarray): Shape (N, ), in [0, 1].
        labels (np.ndarray): Class of each instance, shape (N, ).
        areas (np.ndarray): Area of each true mask in pixels, shape (N, ).
            Small is below 32 ** 2, large from 96 ** 2 on, as in COCO.

    Returns:
        dict[str, float]: The keys of :func:`summarize_ious` behind
        ``small_``, ``medium_`` and ``large_``.
    """
    ious, labels, areas = map(np.asarray, (ious, labels, areas))
    result = {}
    for size, (low, high) in SIZES.items():
        chosen = (areas >= low) & (areas < high)
        numbers = summarize_ious(ious[chosen], labels[chosen])
        result.update({f'{size}_{key}': v for key, v in numbers.items()})
    return result
