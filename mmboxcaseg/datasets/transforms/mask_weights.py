"""Weights of masks on labels, on their way to the mask loss.

mmdet's transforms carry boxes, labels, masks and ignore flags from step to
step, and nothing else: an array under a key of its own goes out of step with
them at the first crop. Masks are rebuilt on the way and ignore flags would
take the box out of training, so the weight rides on the label, in bits far
above any class. What the bits hold is what a weight lacks of 1, so that a
label without a weight has the full one.
"""

import numpy as np

WEIGHT_SHIFT = 32
# Steps from a weight of 0 to 1.
WEIGHT_STEPS = 1 << 16


def encode_weights(labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Put weights of masks on labels.

    Args:
        labels (np.ndarray): Class labels of N instances, >= 0, int, (N,),
            with weights or without.
        weights (np.ndarray): Weights of their masks in the mask loss, in
            [0, 1], 0 for a mask to be ignored, float, (N,). They are kept to
            1/65536; what is above 0 stays above 0.

    Returns:
        np.ndarray: Labels with weights, int64, (N,).

    Raises:
        ValueError: If a weight is not in [0, 1].
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
    """Take the weights off labels again.

    Args:
        labels (np.ndarray): Labels of N instances, with weights or without,
            int, (N,).

    Returns:
        tuple[np.ndarray, np.ndarray]: Class labels, int64, (N,), and the
        weights of the masks in [0, 1], float32, (N,).
    """
    labels = np.asarray(labels, dtype=np.int64)
    lost = labels >> WEIGHT_SHIFT
    weights = (1 - lost / WEIGHT_STEPS).astype(np.float32)
    return labels & ((1 << WEIGHT_SHIFT) - 1), weights
