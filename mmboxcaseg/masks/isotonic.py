"""Isotonic regression: the best curve that never falls."""

import numpy as np


def isotonic(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The ascending sequence nearest to a given one.

    Pool adjacent violators: neighbours that fall are replaced by their
    weighted mean, until none falls.

    Args:
        values (np.ndarray): (N,) float.
        weights (np.ndarray): (N,) float, above 0.

    Returns:
        np.ndarray: (N,) float64, ascending, with the least weighted sum of
        squared differences to ``values``; their weighted mean is the same.
    """
    # Of each block that is done: its mean, its weight, its length.
    means: list[float] = []
    sums: list[float] = []
    lengths: list[int] = []
    for value, weight in zip(
        np.asarray(values, dtype=np.float64).tolist(),
        np.asarray(weights, dtype=np.float64).tolist(),
    ):
        length = 1
        while means and means[-1] >= value:
            whole = sums[-1] + weight
            value = (means.pop() * sums.pop() + value * weight) / whole
            weight = whole
            length += lengths.pop()
        means.append(value)
        sums.append(weight)
        lengths.append(length)
    return np.repeat(np.array(means, dtype=np.float64), lengths)
