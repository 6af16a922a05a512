"""Which photos are kept aside from a training, to score it."""

import hashlib
from collections.abc import Sequence

import numpy as np

# Part of the boxes that is kept aside, and the most: scoring takes time, and
# so many tell a mean to about two points.
SHARE, MOST = 0.15, 200


def keep_aside(
    file_names: Sequence[str],
    box_counts: np.ndarray,
    share: float = SHARE,
    most: int = MOST,
) -> np.ndarray:
    """Choose whole photos by their names, the same ones each time.

    Photos are gone through in the order of a hash of their names; each is
    taken as long as no more than the asked boxes are in them. So a photo
    mostly stays where it was when others are added.

    Args:
        file_names (Sequence[str]): Names of I photos.
        box_counts (np.ndarray): (I,) int, boxes of each; those without are
            not taken.
        share (float): Part of the boxes, in (0, 1). Defaults to 0.15.
        most (int): Most boxes. Defaults to 200.

    Returns:
        np.ndarray: (I,) bool; True for at least one photo, and never for all
        that have boxes.

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
            f'{len(order)} photos have boxes, but one is to train on and '
            'another to score; give at least two'
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
