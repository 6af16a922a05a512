"""Average precision of instance masks on PASCAL VOC (the paper, Sec. 4).

The protocol is that of BBTP. Detections are matched in the order of their
scores. A detection is correct if, of the objects of its class and image that
no earlier detection has matched, the one with the highest IoU is strictly
above the threshold. "Difficult" objects count like any other. The average
precision of a class is the area under its monotone precision-recall curve, not
the mean of eleven points.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pycocotools import mask as mask_utils

THRESHOLDS = (25, 50, 70, 75)


@dataclass(frozen=True, eq=False)
class ImageMatches:
    """The D detections of an image, the G objects, and what was matched.

    It is all that is stored of an image.

    Attributes:
        scores (np.ndarray): (D,), score of each detection, best first.
        labels (np.ndarray): (D,), class of each detection.
        hits (np.ndarray): (D, T) bool, whether each detection is correct at
            each of the T thresholds.
        truth_labels (np.ndarray): (G,), class of each object.
    """

    scores: np.ndarray
    labels: np.ndarray
    hits: np.ndarray
    truth_labels: np.ndarray


def match_detections(ious: np.ndarray, thr: float) -> np.ndarray:
    """Match the detections of a class with the objects of an image.

    Args:
        ious (np.ndarray): IoU of each detection, best score first, with each
            object, (D, G) in [0, 1].
        thr (float): Threshold in [0, 1]; a match has an IoU strictly above
            it.

    Returns:
        np.ndarray: (D,) bool, whether each detection is correct. An object is
        matched at most once.

    Example:
        Both detections overlap the only object:

        >>> match_detections(np.array([[0.6], [0.9]]), thr=0.5).tolist()
        [True, False]
    """
    hits = np.zeros(len(ious), dtype=bool)
    taken = np.zeros(ious.shape[1], dtype=bool)
    for row in np.flatnonzero((ious > thr).any(axis=1)):
        free = np.where(taken, -1, ious[row])
        best = free.argmax()
        if free[best] > thr:
            hits[row] = taken[best] = True
    return hits


def average_precision(hits: np.ndarray, num_truths: int) -> float:
    """Compute the area under the monotone precision-recall curve.

    Args:
        hits (np.ndarray): Whether each detection is correct, best score
            first, (D,) bool.
        num_truths (int): Number of true objects, at least 1.

    Returns:
        float: Average precision in [0, 1].

    Example:
        Half of the objects are found, at precisions of 1 and 2 / 3:

        >>> round(average_precision(np.array([True, False, True]), 4), 4)
        0.4167
    """
    found = np.cumsum(hits)
    precision = found / np.arange(1, len(hits) + 1)
    # The precision at a recall is the highest at that recall or above.
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    # Recall grows by 1 / num_truths at each hit.
    return float(precision[np.asarray(hits, dtype=bool)].sum() / num_truths)


def score_image(
    rles: Sequence[dict],
    scores: np.ndarray,
    labels: np.ndarray,
    truth_rles: Sequence[dict],
    truth_labels: np.ndarray,
    thresholds: Sequence[int] = THRESHOLDS,
) -> ImageMatches:
    """Match the detections of an image with its objects.

    Args:
        rles (Sequence[dict]): Masks of the detections, D compressed RLEs.
        scores (np.ndarray): Score of each detection, shape (D,).
        labels (np.ndarray): Class of each detection, shape (D,).
        truth_rles (Sequence[dict]): Masks of the objects, G compressed RLEs.
        truth_labels (np.ndarray): Class of each object, shape (G,).
        thresholds (Sequence[int]): The T thresholds of the IoU, in percent.
            Defaults to (25, 50, 70, 75).

    Returns:
        ImageMatches: The matches, which :func:`summarize_ap` takes.
    """
    scores, labels = np.asarray(scores), np.asarray(labels)
    truth_labels = np.asarray(truth_labels)
    # A stable sort keeps equal scores in the order of the detector.
    order = np.argsort(-scores, kind='stable')
    scores, labels = scores[order], labels[order]
    hits = np.zeros((len(order), len(thresholds)), dtype=bool)
    for label in np.intersect1d(labels, truth_labels):
        rows = np.flatnonzero(labels == label)
        columns = np.flatnonzero(truth_labels == label)
        ious = mask_utils.iou(
            [rles[order[row]] for row in rows],
            [truth_rles[column] for column in columns],
            [0] * len(columns),
        )
        for t, thr in enumerate(thresholds):
            hits[rows, t] = match_detections(ious, thr / 100)
    return ImageMatches(scores, labels, hits, truth_labels)


def summarize_ap(
    images: Sequence[ImageMatches],
    thresholds: Sequence[int] = THRESHOLDS,
) -> dict[str, float]:
    """Average the precision over classes at each threshold.

    Args:
        images (Sequence[ImageMatches]): Results of :func:`score_image`.
        thresholds (Sequence[int]): Thresholds that :func:`score_image` used,
            in percent. Defaults to (25, 50, 70, 75).

    Returns:
        dict[str, float]: Mean average precision in percent by name, such as
        ``AP50``. The mean is over the classes that have an object; NaN if
        there is no object at all.
    """
    names = [f'AP{thr}' for thr in thresholds]
    truth_labels = np.concatenate(
        [image.truth_labels for image in images] or [np.zeros(0)]
    )
    if not len(truth_labels):
        return dict.fromkeys(names, float('nan'))
    scores = np.concatenate([image.scores for image in images])
    labels = np.concatenate([image.labels for image in images])
    hits = np.concatenate([image.hits for image in images])
    order = np.argsort(-scores, kind='stable')
    labels, hits = labels[order], hits[order]
    classes, counts = np.unique(truth_labels, return_counts=True)
    table = [
        [average_precision(column, count) for column in hits[labels == label].T]
        for label, count in zip(classes, counts)
    ]
    return dict(zip(names, (100 * np.mean(table, axis=0)).tolist()))
