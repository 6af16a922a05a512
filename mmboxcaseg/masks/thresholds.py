"""A threshold of its own for each mask (the paper, Sec. 3.4, has one)."""

import numpy as np


def reaching_threshold(prob: np.ndarray, low: float, high: float) -> float:
    """A threshold that makes a mask reach all four sides of its box.

    An annotated box is tight: its object touches the first and the last row
    and column. A mask that falls short of a side was cut too high there.

    Args:
        prob (np.ndarray): Probabilities in the box, float32, shape (H, W), in
            [0, 1].
        low (float): The least threshold, in [0, high].
        high (float): The largest one, in [0, 1].

    Returns:
        float: The largest threshold t in [low, high] with which ``prob > t``
        has a pixel in each of the four; ``low`` if there is none.
    """
    sides = prob[0], prob[-1], prob[:, 0], prob[:, -1]
    reach = min(side.max() for side in sides)
    # A pixel has to be above it, so it is the next number below.
    below = np.nextafter(reach, np.float32(-1), dtype=np.float32)
    return float(min(max(below, low), high))
