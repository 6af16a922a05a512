"""Quality of masks whose boxes are given (the paper, Sec. 4).

All functions take the IoU of each instance.
"""

import numpy as np

THRESHOLDS = (25, 50, 70, 75)
# COCO's object sizes: the area of the true mask in pixels is at least the first
# number and below the second.
SIZES = dict(small=(0, 32**2), medium=(32**2, 96**2), large=(96**2, np.inf))


def summarize_ious(ious: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Compute the paper's metrics from the IoU of each instance.

    Args:
        ious (np.ndarray): IoU of each instance, (N,) in [0, 1].
        labels (np.ndarray): Class of each instance, (N,) int.

    Returns:
        dict[str, float]: Metrics in percent: ``mIoU_star``, the mean over
        classes of the mean IoU of the class; ``mIoU``, the mean over
        instances; and ``IoU@25``, ``IoU@50``, ``IoU@70``, ``IoU@75``, the
        share of instances with an IoU strictly above the threshold. All are
        NaN without instances.

    Example:
        Two instances of class 0 and one of class 1:

        >>> metrics = summarize_ious(np.array([0.75, 0.25, 1]), np.array([0, 0, 1]))
        >>> metrics['mIoU_star']
        75.0
    """
    ious = np.asarray(ious, dtype=np.float64)
    labels = np.asarray(labels)
    if not len(ious):
        keys = ['mIoU_star', 'mIoU', *(f'IoU@{k}' for k in THRESHOLDS)]
        return dict.fromkeys(keys, float('nan'))
    class_means = [ious[labels == label].mean() for label in np.unique(labels)]
    result = dict(
        mIoU_star=100 * float(np.mean(class_means)), mIoU=100 * float(ious.mean())
    )
    for k in THRESHOLDS:
        result[f'IoU@{k}'] = 100 * float(np.mean(ious > k / 100))
    return result


def size_groups(areas: np.ndarray) -> dict[str, np.ndarray]:
    """Group objects by their size, as COCO does.

    Args:
        areas (np.ndarray): Area of each true mask in pixels, shape (N,).

    Returns:
        dict[str, np.ndarray]: Which objects are ``small`` (below 32 ** 2
        pixels), ``medium`` and ``large`` (96 ** 2 pixels or more), each (N,)
        bool.
    """
    areas = np.asarray(areas)
    return {
        size: (areas >= low) & (areas < high) for size, (low, high) in SIZES.items()
    }


def summarize_by_size(
    ious: np.ndarray, labels: np.ndarray, areas: np.ndarray
) -> dict[str, float]:
    """Compute the paper's metrics for small, medium and large objects.

    Args:
        ious (np.ndarray): IoU of each instance, (N,) in [0, 1].
        labels (np.ndarray): Class of each instance, (N,) int.
        areas (np.ndarray): Area of each true mask in pixels, shape (N,), see
            :func:`size_groups`.

    Returns:
        dict[str, float]: Metrics of :func:`summarize_ious`, whose keys begin
        with ``small_``, ``medium_`` or ``large_``.
    """
    ious, labels = np.asarray(ious), np.asarray(labels)
    result = {}
    for size, chosen in size_groups(areas).items():
        numbers = summarize_ious(ious[chosen], labels[chosen])
        result.update({f'{size}_{key}': v for key, v in numbers.items()})
    return result


def spearman(first: np.ndarray | None, second: np.ndarray) -> float | None:
    """Spearman's rank correlation; equal values share their mean rank.

    Args:
        first (np.ndarray | None): Values of shape (N,), or None.
        second (np.ndarray): Values of shape (N,).

    Returns:
        float | None: Correlation in [-1, 1]; None if ``first`` is None or
        empty, or one of the two is constant.

    Example:
        >>> round(spearman(np.array([0.1, 0.4, 0.2]), np.array([0.5, 0.9, 0.6])), 6)
        1.0
    """
    if first is None or not len(first):
        return None
    ranks = [_ranks(values) for values in (first, second)]
    if any(np.ptp(one) == 0 for one in ranks):
        return None
    return float(np.corrcoef(np.stack(ranks))[0, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1 on, (N,) float64; equal values get their mean."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = counts.cumsum()
    return (last - (counts - 1) / 2)[place]
