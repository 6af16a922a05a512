"""Rounds of a training: each but the first learns from the masks of the one before."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mmboxcaseg.annotations import MaskFile

from .boxes import TrainingBoxes, part_of

# Masks with a lower confidence are not learnt from.
LEAST_CONFIDENCE = 0.5


def round_ends(iters: int, rounds: int) -> list[int]:
    """Divide iterations among rounds as evenly as possible.

    Args:
        iters (int): Number of iterations, 0 or more.
        rounds (int): Number of rounds, 1 or more. With fewer iterations than
            rounds, each round has one.

    Returns:
        list[int]: Number of iterations done at the end of each round.

    Example:
        >>> round_ends(600, 2), round_ends(5, 2), round_ends(1, 2)
        ([300, 600], [2, 5], [1])
    """
    rounds = max(min(iters, rounds), 1)
    return [iters * number // rounds for number in range(1, rounds + 1)]


def validations(ends: list[int], interval: int) -> int:
    """Count the validations of all rounds.

    Args:
        ends (list[int]): Number of iterations done at the end of each round.
        interval (int): Number of iterations between two validations. There is
            one at the end of each round, too.

    Returns:
        int: The number.

    Example:
        >>> validations([300, 600], 60), validations([25], 10)
        (10, 3)
    """
    sizes = np.diff(ends, prepend=0)
    return int(np.ceil(sizes / interval).sum())


def masks_of_rounds(boxes: TrainingBoxes, ends: list[int], batch_size: int) -> int:
    """Count the masks that are made between the rounds of a training.

    Args:
        boxes (TrainingBoxes): The boxes to train on.
        ends (list[int]): Number of iterations done at the end of each round.
        batch_size (int): Number of patches of an iteration.

    Returns:
        int: About the number of masks, see :func:`boxes_of_round`.
    """
    patches = np.diff(ends) * batch_size
    return int(np.minimum(patches, boxes.training.sum()).sum())


def boxes_of_round(boxes: TrainingBoxes, patches: int, seed: int = 0) -> dict[str, Any]:
    """Choose the boxes of a round that learns from predicted masks.

    A round sees no more boxes than it has patches, so more of them, with their
    masks, would only take time. Whole photos are chosen, since masks are merged
    across a photo.

    Args:
        boxes (TrainingBoxes): The boxes to train on.
        patches (int): Number of patches of the round. Photos are chosen at
            random until they have as many boxes.
        seed (int): Seed of the choice. Defaults to 0.

    Returns:
        dict: COCO json of the photos with all their boxes to train on. Those
        whose mask is given have it.
    """
    images = boxes.boxes.image_index[boxes.training]
    counts = np.bincount(images, minlength=len(boxes.boxes.image_ids))
    order = np.random.default_rng(seed).permutation(np.flatnonzero(counts))
    earlier = np.cumsum(counts[order]) - counts[order]
    chosen = np.isin(boxes.boxes.image_index, order[earlier < patches])
    return part_of(boxes.boxes, boxes.training & chosen, boxes.taught)


def add_masks(
    content: Mapping[str, Any], masks: MaskFile, least: float = LEAST_CONFIDENCE
) -> dict[str, Any]:
    """Add predicted masks to the boxes of a training, as masks to learn from.

    Args:
        content (Mapping[str, Any]): COCO json of the boxes of a round. Boxes
            that have a mask keep it.
        masks (MaskFile): Predicted masks of the boxes.
        least (float): Lowest confidence of a mask that is added, in [0, 1].
            Defaults to 0.5.

    Returns:
        dict: COCO json like ``content``, with the masks that are confident
        enough. Their annotations lose the keys of an earlier run's masks,
        which begin with ``proxy_``.
    """
    places = {
        masks.boxes.box_ids[place]: place
        for place in np.flatnonzero(masks.confidence >= least).tolist()
    }
    annotations = []
    for ann in content['annotations']:
        if 'segmentation' not in ann and ann['id'] in places:
            ann = {key: value for key, value in ann.items() if key[:6] != 'proxy_'}
            ann['segmentation'] = masks.rle(places[ann['id']])
        annotations.append(ann)
    return dict(content, annotations=annotations)
