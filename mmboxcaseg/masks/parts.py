"""Holes and connected parts of a mask."""

import cv2
import numpy as np


def fill_holes(mask: np.ndarray, max_area: int) -> np.ndarray:
    """Fill the small holes of a mask.

    A hole is a 4-connected part of the background that the mask encloses.

    Args:
        mask (np.ndarray): (H, W) bool.
        max_area (int): Area of the largest hole that is filled, in pixels.

    Returns:
        np.ndarray: (H, W) bool, a new array.
    """
    labels, areas = _holes(mask)
    small = areas <= max_area
    small[0] = False
    return mask | small[labels]


def count_holes(mask: np.ndarray) -> int:
    """Count the holes of a mask, see :func:`fill_holes`.

    Args:
        mask (np.ndarray): (H, W) bool.

    Returns:
        int: Number of holes.

    Example:
        >>> ring = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], dtype=bool)
        >>> count_holes(ring)
        1
    """
    return len(_holes(mask)[1]) - 1


def largest_part(mask: np.ndarray) -> np.ndarray:
    """Find the connected part of a mask that has the most pixels.

    Parts are 8-connected: pixels that touch at a corner belong together, as
    in :func:`~mmboxcaseg.masks.to_polygons`.

    Args:
        mask (np.ndarray): (H, W) bool.

    Returns:
        np.ndarray: (H, W) bool, the part. Of several parts with the same
        area, it is the first, row by row.

    Example:
        >>> largest_part(np.array([[1, 0, 1, 1]], dtype=bool)).tolist()
        [[False, False, True, True]]
    """
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    if count < 3:
        return mask.copy()
    areas = np.bincount(labels.ravel())
    return labels == 1 + areas[1:].argmax()


def _holes(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Label the holes from 1 on, 0 elsewhere; also the area of each label."""
    around = np.pad(~mask, 1, constant_values=True).astype(np.uint8)
    # The first pixel belongs to the background outside, so its label is 1.
    _, labels = cv2.connectedComponents(around, connectivity=4)
    labels = np.maximum(labels[1:-1, 1:-1] - 1, 0)
    return labels, np.bincount(labels.ravel(), minlength=1)
