"""Average precision of instance masks on PASCAL VOC (the paper, Sec. 4).

The protocol is that of BBTP: a detection is right if the truth of its class
and image that it overlaps most, among those that no better scored detection
has taken, has an IoU strictly above the threshold. "Difficult" objects count
like any other. The average precision of a class is the area under its
precision-recall curve made monotone, not the mean of eleven points.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pycocotools import mask as mask_utils

THRESHOLDS = (25, 50, 70, 75)


@dataclass(frozen=True, eq=False)
class ImageMatches:
    """Which detections of an image are right: all that is kept of it.

    Attributes:
        scores (np.ndarray): (D,), score of each detection, best first.
        labels (np.ndarray): (D,), class of each detection.
        hits (np.ndarray): (D, T) bool, whether it is right at each of the T
            thresholds.
        truth_labels (np.ndarray): (G,), class of each object.
    """

    scores: np.ndarray
    labels: np.ndarray
    hits: np.ndarray
    truth_labels: np.ndarray


def match_detections(ious: np.ndarray, thr: float) -> np.ndarray:
    """Say which detections of a class in an image are right.

    Args:
        ious (np.ndarray): IoU of each detection, best score first, with each
            truth, shape (D, G), in [0, 1].
        thr (float): A match has an IoU strictly above it.

    Returns:
        np.ndarray: Shape (D, ), bool. Each truth is matched once at most.
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
    """Area under the monotone precision-recall curve.

    Args:
        hits (np.ndarray): Whether each detection is right, best score first,
            shape (D, ), bool.
        num_truths (int): Number of objects there are to find, at least 1.

    Returns:
        float: In [0, 1].
    """
    found = np.cumsum(hits)
    precision = found / np.arange(1, len(hits) + 1)
    # At each recall the best precision of that recall or a higher one.
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    # Recall grows by one object at each hit and nowhere else.
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
        rles (Sequence[dict]): Compressed RLE of each detection.
        scores (np.ndarray): Score of each detection, shape (D, ).
        labels (np.ndarray): Class of each detection, shape (D, ).
        truth_rles (Sequence[dict]): Compressed RLE of each object.
        truth_labels (np.ndarray): Class of each object, shape (G, ).
        thresholds (Sequence[int]): The T thresholds of the IoU, in percent.

    Returns:
        ImageMatches: All that :func:`summarize_ap` needs.
    """
    scores, labels = np.asarray(scores), np.asarray(labels)
    truth_labels = np.asarray(truth_labels)
    # Stable, so that equal scores stay in the order of the detector.
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
    """Mean over classes of the average precision at each threshold.

    Args:
        images (Sequence[ImageMatches]): What :func:`score_image` gave for
            each image.
        thresholds (Sequence[int]): Those given to :func:`score_image`.

    Returns:
        dict[str, float]: ``AP25``, ``AP50``, ``AP70`` and ``AP75`` for the
        default thresholds, in percent. The mean is over the classes that have
        an object; NaN if there is no object at all.
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
