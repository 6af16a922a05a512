"""Masks of boxes as mmengine's data: thin around ``mmboxcaseg.prediction``."""

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
    """The instances of an image from the probabilities of its crops.

    Args:
        probs (Iterator[np.ndarray]): Probabilities, float32, shape (S, S)
            each, of M crops a box; N * M are taken from it.
        rects (Tensor): Pixel rectangles of the boxes, x0, y0, x1, y1,
            half-open, shape (N, 4).
        windows (Tensor, optional): See :func:`box_probs`, shape (N, M, 4);
            None where each box has one crop that shows it alone.
        options (PredictOptions): How masks are made.

    Returns:
        InstanceData: ``rects`` as given; ``masks``, a list of N boolean
        arrays of the size of their rectangles; ``confidence``, shape (N, ),
        in [0, 1]; and on request ``probs``, a list of float32 arrays in
        [0, 1] of the same sizes, as compared with the threshold. The meta key
        ``merge_exponent`` is there if the options have it.
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
        result.set_metainfo(dict(merge_exponent=found.merge_exponent))
    return result


def masks_of(instances: InstanceData) -> BoxMasks:
    """Predicted masks without mmengine.

    Args:
        instances (InstanceData): What :func:`instances_of` returned, or
            another's; ``confidence`` and ``probs`` may be missing.

    Returns:
        BoxMasks: The same.
    """
    return BoxMasks(
        rects=instances.rects.cpu().numpy(),
        masks=instances.masks,
        confidence=instances.get('confidence'),
        probs=instances.get('probs'),
        merge_exponent=instances.get('merge_exponent'),
    )


def claims_of(instances: InstanceData) -> Claims | None:
    """How strongly predicted masks claim their pixels.

    Args:
        instances (InstanceData): What :func:`instances_of` returned.

    Returns:
        Claims | None: None where the smallest object has them.
    """
    return masks_of(instances).claims
