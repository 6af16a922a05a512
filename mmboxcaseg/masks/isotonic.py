"""Isotonic regression: the best fit that never falls."""

import numpy as np


def isotonic(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Fit an ascending sequence to a given one by weighted least squares.

    The algorithm pools adjacent violators: neighbours in falling order are
    replaced by their weighted mean until none is left.

    Args:
        values (np.ndarray): (N,) float.
        weights (np.ndarray): (N,) float, above 0.

    Returns:
        np.ndarray: (N,) float64, ascending. Its weighted mean is that of
        ``values``.

    Example:
        >>> isotonic(np.array([1, 3, 2, 4]), np.ones(4)).tolist()
        [1.0, 2.5, 2.5, 4.0]
    """
    # Mean, weight and length of each block that is done.
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
