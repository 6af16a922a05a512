"""Encoding the weights of masks in labels, on the way to the mask loss.

mmdet's transforms pass on boxes, labels, masks and ignore flags, but nothing
else: an array with its own key would no longer match them after the first
crop. Masks are rebuilt on the way, and an ignore flag would remove the box
from training. So the weight is encoded in the label, in bits far above any
class. The bits hold the difference of the weight from 1, so that a label
without a weight has the full weight.
"""

import numpy as np

WEIGHT_SHIFT = 32
# Number of steps between the weights 0 and 1.
WEIGHT_STEPS = 1 << 16


def encode_weights(labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Put the weights of masks on labels.

    Args:
        labels (np.ndarray): Labels of N instances, 0 or more, (N,) int, with
            or without weights.
        weights (np.ndarray): Weights of the masks in the mask loss, (N,)
            float in [0, 1], 0 for ignored masks. They are rounded up to a
            multiple of 1/65536, so a weight above 0 stays above 0.

    Returns:
        np.ndarray: Labels with weights, (N,) int64.

    Raises:
        ValueError: If a weight is not in [0, 1].

    Example:
        >>> labels = encode_weights(np.array([3, 7]), np.array([0.5, 0]))
        >>> [values.tolist() for values in decode_weights(labels)]
        [[3, 7], [0.5, 0.0]]
    """
    labels, _ = decode_weights(labels)
    weights = np.asarray(weights, dtype=np.float64)
    if not ((weights >= 0) & (weights <= 1)).all():
        raise ValueError(
            f'weights of masks must lie in [0, 1], but are {weights.tolist()}'
        )
    kept = np.ceil(weights * WEIGHT_STEPS).astype(np.int64)
    return labels | ((WEIGHT_STEPS - kept) << WEIGHT_SHIFT)


def decode_weights(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Separate labels from the weights of masks.

    Args:
        labels (np.ndarray): Labels of N instances, (N,) int, with or without
            weights.

    Returns:
        tuple[np.ndarray, np.ndarray]: Labels without weights, (N,) int64; and
        weights, (N,) float32 in [0, 1], 1 for labels that had none.
    """
    labels = np.asarray(labels, dtype=np.int64)
    lost = labels >> WEIGHT_SHIFT
    weights = (1 - lost / WEIGHT_STEPS).astype(np.float32)
    return labels & ((1 << WEIGHT_SHIFT) - 1), weights
