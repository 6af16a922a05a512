"""A separate threshold for each mask; the paper (Sec. 3.4) has one for all."""

import numpy as np


def reaching_threshold(prob: np.ndarray, low: float, high: float) -> float:
    """Find a threshold with which a mask reaches all four sides of its box.

    An annotated box is tight: its object touches the first and the last row
    and column. If a mask does not reach a side, its threshold was too high.

    Args:
        prob (np.ndarray): Probabilities in the box, float32, shape (H, W), in
            [0, 1].
        low (float): Smallest threshold to return, in [0, high].
        high (float): Largest threshold to return, in [0, 1].

    Returns:
        float: The largest threshold t in [low, high] with which ``prob > t``
        has a pixel on each side; ``low`` if there is none.

    Example:
        The weakest side has a probability of 0.25:

        >>> prob = np.array([[0.25, 0.25], [0.25, 1]], dtype=np.float32)
        >>> round(reaching_threshold(prob, low=0.1, high=0.5), 4)
        0.25
    """
    sides = prob[0], prob[-1], prob[:, 0], prob[:, -1]
    reach = min(side.max() for side in sides)
    # Pixels must be above the threshold, so it is the next smaller float.
    below = np.nextafter(reach, np.float32(-1), dtype=np.float32)
    return float(min(max(below, low), high))
