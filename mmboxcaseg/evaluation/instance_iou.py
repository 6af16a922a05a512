"""Class-agnostic mask quality, boxes given (the paper, Sec. 4)."""
import numpy as np

THRESHOLDS = (25, 50, 70, 75)
# COCO's object sizes: areas of the true mask in pixels, from and below.
SIZES = dict(small=(0, 32**2), medium=(32**2, 96**2), large=(96**2, np.inf))


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


def summarize_by_size(ious: np.ndarray, labels: np.ndarray,
                      areas: np.ndarray) -> dict[str, float]:
    """:func:`summarize_ious` of small, medium and large objects.

    Args:
        ious (np.ndarray): Shape (N, ), in [0, 1].
        labels (np.ndarray): Class of each instance, shape (N, ).
        areas (np.ndarray): Area of each true mask in pixels, shape (N, ).
            Small is below 32 ** 2, large from 96 ** 2 on, as in COCO.

    Returns:
        dict[str, float]: The keys of :func:`summarize_ious` behind
        ``small_``, ``medium_`` and ``large_``.
    """
    ious, labels, areas = map(np.asarray, (ious, labels, areas))
    result = {}
    for size, (low, high) in SIZES.items():
        chosen = (areas >= low) & (areas < high)
        numbers = summarize_ious(ious[chosen], labels[chosen])
        result.update({f'{size}_{key}': v for key, v in numbers.items()})
    return result
