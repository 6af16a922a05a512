"""Class-agnostic mask quality, boxes given (the paper, Sec. 4)."""
from typing import Sequence

import numpy as np

THRESHOLDS = (25, 50, 70, 75)


def rect_mask_iou(mask: np.ndarray, rect: Sequence[int],
                  truth: np.ndarray) -> float:
    """IoU of a mask inside a rectangle with a mask of the whole image.

    Args:
        mask (np.ndarray): Boolean, shape (y1 - y0, x1 - x0).
        rect (Sequence[int]): x0, y0, x1, y1, half-open, inside the image.
        truth (np.ndarray): 0 or 1, shape (H, W) of the image.

    Returns:
        float: In [0, 1]; 0 where both are empty.
    """
    x0, y0, x1, y1 = rect
    intersection = np.count_nonzero(mask & (truth[y0:y1, x0:x1] > 0))
    union = np.count_nonzero(mask) + np.count_nonzero(truth) - intersection
    return intersection / union if union else 0.0


def summarize_ious(ious: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """The paper's numbers from the IoU of every instance.

    Args:
        ious (np.ndarray): Shape (N, ), in [0, 1].
        labels (np.ndarray): Class of each instance, shape (N, ).

    Returns:
        dict[str, float]: In percent: ``mIoU_star`` (mean over classes of the
        mean IoU over the class's instances), ``mIoU`` (mean over instances)
        and ``IoU@25``, ``@50``, ``@70``, ``@75`` (share of instances with an
        IoU strictly above). NaN without instances.
    """
    ious = np.asarray(ious, dtype=np.float64)
    labels = np.asarray(labels)
    if not len(ious):
        keys = ['mIoU_star', 'mIoU', *(f'IoU@{k}' for k in THRESHOLDS)]
        return dict.fromkeys(keys, float('nan'))
    class_means = [ious[labels == label].mean() for label in np.unique(labels)]
    result = dict(
        mIoU_star=100 * float(np.mean(class_means)),
        mIoU=100 * float(ious.mean()))
    for k in THRESHOLDS:
        result[f'IoU@{k}'] = 100 * float(np.mean(ious > k / 100))
    return result
