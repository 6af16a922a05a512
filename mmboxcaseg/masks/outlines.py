"""The outlines of masks with their holes, for the even-odd rule."""
import cv2
import numpy as np


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
    mask = mask[top:rows[-1] + 1, left:columns[-1] + 1]
    # OpenCV walks through the centres of the border's pixels. Of a mask of
    # twice the size, these round to the edges: columns 2i and 2j + 1 of a run
    # of pixels i..j to i and j + 1. The line around a hole goes through
    # pixels of the mask, and so rounds to edges too.
    double = mask.astype(np.uint8).repeat(2, axis=0).repeat(2, axis=1)
    lines, _ = cv2.findContours(double, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    return [
        _corners((line[:, 0].astype(np.int64) + 1) // 2 + (left, top))
        for line in lines
    ]


def _corners(points: np.ndarray) -> np.ndarray:
    """The points of a closed line of small steps at which it turns."""
    points = points[(points != np.roll(points, 1, axis=0)).any(axis=1)]
    before = points - np.roll(points, 1, axis=0)
    after = np.roll(points, -1, axis=0) - points
    return points[(before != after).any(axis=1)]
