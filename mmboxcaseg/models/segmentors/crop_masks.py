"""From a crop's probabilities to its mask (the paper, Sec. 3.4)."""

from collections.abc import Iterator
from itertools import islice

import numpy as np
import torch
from mmengine.structures import InstanceData
from torch import Tensor
from torch.nn import functional as F

from mmboxcaseg.masks import Claims, reaching_threshold

from .prediction import PredictOptions


def min_max_normalize(probs: Tensor) -> Tensor:
    """Stretch one instance's probabilities to [0, 1].

    Args:
        probs (Tensor): Shape (H, W), in [0, 1].

    Returns:
        Tensor: Shape (H, W). All 0 where the input is constant.
    """
    low, high = probs.aminmax()
    return (probs - low) / (high - low).clamp(min=1e-12)


def box_probs(probs: Iterator[Tensor], windows: Tensor) -> Iterator[Tensor]:
    """Average the crops of each box, of which some show more than the box.

    Args:
        probs (Iterator[Tensor]): Probabilities, shape (S, S), of M crops a
            box, one after the other; N * M are taken from it.
        windows (Tensor): Where the box lies in each of its crops, x0, y0, x1,
            y1 as parts of the crop's width and height, shape (N, M, 4).

    Yields:
        Tensor: Probabilities in the box, shape (S, S), box after box.
    """
    for of_box in windows.tolist():
        views = [_window(prob, *window) for window, prob in zip(of_box, probs)]
        yield torch.stack(views).mean(dim=0)


def _window(prob: Tensor, x0: float, y0: float, x1: float, y1: float) -> Tensor:
    """A window of a map (S, S), given in parts of it, resized to (S, S)."""
    if (x0, y0, x1, y1) == (0, 0, 1, 1):
        return prob
    theta = prob.new_tensor([[x1 - x0, 0, x0 + x1 - 1], [0, y1 - y0, y0 + y1 - 1]])
    grid = F.affine_grid(theta[None], (1, 1, *prob.shape), align_corners=False)
    return F.grid_sample(
        prob[None, None], grid, padding_mode='border', align_corners=False
    )[0, 0]


def masks_in_rects(
    probs: Iterator[Tensor], rects: Tensor, min_max: bool = True
) -> tuple[list[np.ndarray], np.ndarray]:
    """Resize each instance's probabilities to its rectangle.

    How far they are from undecided, mean(|2 p - 1|) over the box before they
    are normalised, tells how good a mask is where the agreement with the box
    does not (docs/variants.md).

    Args:
        probs (Iterator[Tensor]): Probabilities, shape (S, S) each; as many as
            there are rectangles are taken from it.
        rects (Tensor): Pixel rectangles x0, y0, x1, y1 (half-open), integer,
            shape (N, 4).
        min_max (bool): Whether they are min-max normalised before. Defaults
            to True.

    Returns:
        tuple[list[np.ndarray], np.ndarray]: N float32 arrays of shape
        (y1 - y0, x1 - x0); their confidence, shape (N, ), in [0, 1].
    """
    rects = rects.tolist()
    resized, confidences = [], []
    for prob, (x0, y0, x1, y1) in zip(islice(probs, len(rects)), rects, strict=True):
        confidences.append(float((2 * prob - 1).abs().mean()))
        prob = F.interpolate(
            (min_max_normalize(prob) if min_max else prob)[None, None],
            (y1 - y0, x1 - x0),
            mode='bilinear',
            align_corners=False,
        )
        resized.append(prob[0, 0].cpu().numpy())
    return resized, np.array(confidences)


def instances_of(
    probs: Iterator[Tensor],
    rects: Tensor,
    windows: Tensor | None,
    options: PredictOptions,
) -> InstanceData:
    """The instances of an image from the probabilities of its crops.

    Args:
        probs (Iterator[Tensor]): Probabilities, shape (S, S) each, of M crops
            a box; N * M are taken from it.
        rects (Tensor): Pixel rectangles of the boxes, see
            :func:`masks_in_rects`, shape (N, 4).
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
    if windows is not None:
        probs = box_probs(probs, windows)
    result = InstanceData(rects=rects)
    mask_probs, result.confidence = masks_in_rects(probs, rects, options.min_max)
    result.masks = [prob > _threshold(prob, options) for prob in mask_probs]
    if options.with_probs or options.merge_exponent is not None:
        result.probs = mask_probs
    if options.merge_exponent is not None:
        result.set_metainfo(dict(merge_exponent=options.merge_exponent))
    return result


def _threshold(prob: np.ndarray, options: PredictOptions) -> float:
    """The threshold of one instance, see :class:`PredictOptions`."""
    if options.min_threshold is None:
        return options.threshold
    return reaching_threshold(prob, options.min_threshold, options.threshold)


def claims_of(instances: InstanceData) -> Claims | None:
    """How strongly predicted masks claim their pixels.

    Args:
        instances (InstanceData): What :func:`instances_of` returned.

    Returns:
        Claims | None: None where the smallest object has them.
    """
    exponent = instances.get('merge_exponent')
    return None if exponent is None else Claims(instances.probs, exponent)
