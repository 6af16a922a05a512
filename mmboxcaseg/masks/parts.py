"""Holes and parts of a mask."""

import cv2
import numpy as np


def fill_holes(mask: np.ndarray, max_area: int) -> np.ndarray:
    """A mask without its small holes.

    A hole is background from which no path over sides of pixels leads out of
    the mask, as a polygon around it would fill it.

    Args:
        mask (np.ndarray): (H, W) bool.
        max_area (int): Most pixels of a hole that is filled.

    Returns:
        np.ndarray: (H, W) bool; a new array.
    """
    labels, areas = _holes(mask)
    small = areas <= max_area
    small[0] = False
    return mask | small[labels]


def count_holes(mask: np.ndarray) -> int:
    """Number of holes of a mask, see :func:`fill_holes`.

    Args:
        mask (np.ndarray): (H, W) bool.

    Returns:
        int: How many there are.
    """
    return len(_holes(mask)[1]) - 1


def largest_part(mask: np.ndarray) -> np.ndarray:
    """The part of a mask that has the most pixels.

    Pixels that touch at a corner are of one part, as in
    :func:`~mmboxcaseg.masks.to_polygons`.

    Args:
        mask (np.ndarray): (H, W) bool.

    Returns:
        np.ndarray: (H, W) bool; of several that are as large, the first, row
        by row.
    """
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    if count < 3:
        return mask.copy()
    areas = np.bincount(labels.ravel())
    return labels == 1 + areas[1:].argmax()


def _holes(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of holes from 1 on, 0 elsewhere; and pixels by number."""
    around = np.pad(~mask, 1, constant_values=True).astype(np.uint8)
    # The background outside contains the first pixel, so it is number 1.
    _, labels = cv2.connectedComponents(around, connectivity=4)
    labels = np.maximum(labels[1:-1, 1:-1] - 1, 0)
    return labels, np.bincount(labels.ravel(), minlength=1)
