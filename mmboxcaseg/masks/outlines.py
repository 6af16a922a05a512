"""Outlines of masks and of their holes, to be filled by the even-odd rule."""

import numpy as np

from .rings import edge_rings


def to_outlines(mask: np.ndarray) -> list[np.ndarray]:
    """Trace the outlines of a mask along the edges of its pixels.

    Filled by the even-odd rule, the outlines reproduce the mask exactly.

    Args:
        mask (np.ndarray): (H, W) bool.

    Returns:
        list[np.ndarray]: An array for each outline, (K, 2) int64: x and y of
        its corners in pixels, where it turns by a right angle. Empty for an
        empty mask.

    Example:
        >>> [ring.tolist() for ring in to_outlines(np.ones((1, 2), dtype=bool))]
        [[[0, 0], [0, 1], [2, 1], [2, 0]]]
    """
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return []
    top, left = rows[0], columns[0]
    mask = mask[top : rows[-1] + 1, left : columns[-1] + 1]
    return [
        ring.astype(np.int64) + (left, top) for ring in edge_rings(mask, holes=True)
    ]
