"""Choosing the photos that are kept aside from training, for scoring."""

import hashlib
from collections.abc import Sequence

import numpy as np

# Share of the boxes that are kept aside, and their largest number. Scoring
# takes time, and 200 boxes give a mean to within about two points.
SHARE, MOST = 0.15, 200


def keep_aside(
    file_names: Sequence[str],
    box_counts: np.ndarray,
    share: float = SHARE,
    most: int = MOST,
) -> np.ndarray:
    """Choose whole photos by their names, the same ones each time.

    Photos are visited in the order of a hash of their names, and each is
    chosen if its boxes don't exceed what is left of the number wanted. So when
    photos are added to a data set, most others stay where they were.

    Args:
        file_names (Sequence[str]): Names of I photos.
        box_counts (np.ndarray): Number of boxes of each photo, (I,) int.
            Photos without boxes are not chosen.
        share (float): Share of the boxes to keep aside, in (0, 1). Defaults
            to 0.15.
        most (int): Largest number of boxes to keep aside. Defaults to 200.

    Returns:
        np.ndarray: (I,) bool, True for photos to keep aside. At least one
        photo with boxes is True, and at least one is False.

    Raises:
        ValueError: If fewer than two photos have boxes.
    """
    counts = np.asarray(box_counts)
    order = sorted(
        np.flatnonzero(counts).tolist(),
        key=lambda place: hashlib.sha256(file_names[place].encode()).digest(),
    )
    if len(order) < 2:
        raise ValueError(
            f'{len(order)} photos have boxes, but at least two are needed: one '
            'to train on and one for scoring'
        )
    left = min(share * counts.sum(), most)
    aside = np.zeros(len(counts), dtype=bool)
    for place in order:
        if counts[place] <= left:
            aside[place] = True
            left -= counts[place]
    if not aside.any():
        aside[min(order, key=lambda place: counts[place])] = True
    return aside
