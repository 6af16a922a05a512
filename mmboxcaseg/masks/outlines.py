"""The outlines of masks with their holes, for the even-odd rule."""

import numpy as np

from .rings import edge_rings


def to_outlines(mask: np.ndarray) -> list[np.ndarray]:
    """The outlines of a mask along the edges of its pixels.

    Filled by the even-odd rule, they give the mask back to the pixel.

    Args:
        mask (np.ndarray): (H, W) bool.

    Returns:
        list[np.ndarray]: (K, 2) int64 each, x and y of the corners, where the
        outline turns by a right angle; none for an empty mask.
    """
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return []
    top, left = rows[0], columns[0]
    mask = mask[top : rows[-1] + 1, left : columns[-1] + 1]
    return [
        ring.astype(np.int64) + (left, top) for ring in edge_rings(mask, holes=True)
    ]
