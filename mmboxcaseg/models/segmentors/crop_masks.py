"""Masks of boxes as ``InstanceData`` of mmengine, see ``mmboxcaseg.prediction``."""

from collections.abc import Iterator

import numpy as np
from mmengine.structures import InstanceData
from torch import Tensor

from mmboxcaseg.masks import Claims
from mmboxcaseg.prediction import BoxMasks, PredictOptions, box_masks
from mmboxcaseg.prediction.box_masks import (
    box_probs,
    masks_in_rects,
    min_max_normalize,
)

__all__ = [
    'box_probs',
    'claims_of',
    'instances_of',
    'masks_in_rects',
    'masks_of',
    'min_max_normalize',
]


def instances_of(
    probs: Iterator[np.ndarray],
    rects: Tensor,
    windows: Tensor | None,
    options: PredictOptions,
) -> InstanceData:
    """Make the instances of an image from the probabilities of its crops.

    Args:
        probs (Iterator[np.ndarray]): Probabilities of N * M crops, float32,
            shape (S, S) each; the M crops of a box follow each other.
        rects (Tensor): Pixel rectangles of the boxes, x0, y0, x1, y1,
            half-open, (N, 4) int.
        windows (Tensor | None): Windows of the boxes in their crops, shape
            (N, M, 4), see :func:`box_probs`; None if each box has one crop
            that shows only the box.
        options (PredictOptions): Options of the prediction.

    Returns:
        InstanceData: ``rects`` as given; ``masks``, a list of N bool arrays
        of the size of their rectangles; ``confidence``, (N,) in [0, 1]; if
        the options ask for them, ``probs``, a list of N float32 arrays in
        [0, 1] of the same sizes, the probabilities that were compared with
        the threshold; and, if the options have it, the meta key
        ``merge_exponent``, with ``merge_tolerance``.
    """
    found = box_masks(
        probs,
        rects.cpu().numpy(),
        None if windows is None else windows.cpu().numpy(),
        options,
    )
    result = InstanceData(rects=rects, masks=found.masks, confidence=found.confidence)
    if found.probs is not None:
        result.probs = found.probs
    if found.merge_exponent is not None:
        result.set_metainfo(
            dict(
                merge_exponent=found.merge_exponent,
                merge_tolerance=found.merge_tolerance,
            )
        )
    return result


def masks_of(instances: InstanceData) -> BoxMasks:
    """Convert instances to masks that need no mmengine.

    Args:
        instances (InstanceData): Instances as :func:`instances_of` returns
            them; ``confidence`` and ``probs`` may be missing.

    Returns:
        BoxMasks: The same masks.
    """
    return BoxMasks(
        rects=instances.rects.cpu().numpy(),
        masks=instances.masks,
        confidence=instances.get('confidence'),
        probs=instances.get('probs'),
        merge_exponent=instances.get('merge_exponent'),
        merge_tolerance=instances.get('merge_tolerance', 1.0),
    )


def claims_of(instances: InstanceData) -> Claims | None:
    """The claims of predicted masks to their pixels.

    Args:
        instances (InstanceData): Instances of :func:`instances_of`.

    Returns:
        Claims | None: The claims; None if the smallest object gets a pixel.
    """
    return masks_of(instances).claims
