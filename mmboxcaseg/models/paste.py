"""From a crop's probabilities to its mask (the paper, Sec. 3.4)."""
from itertools import islice
from typing import Iterator

import numpy as np
from torch import Tensor
from torch.nn import functional as F


def min_max_normalize(probs: Tensor) -> Tensor:
    """Stretch one instance's probabilities to [0, 1].

    Args:
        probs (Tensor): Shape (H, W), in [0, 1].

    Returns:
        Tensor: Shape (H, W). All 0 where the input is constant.
    """
    low, high = probs.aminmax()
    return (probs - low) / (high - low).clamp(min=1e-12)


def masks_in_rects(probs: Iterator[Tensor], rects: Tensor) -> list[np.ndarray]:
    """Resize each instance's normalised probabilities to its rectangle.

    Args:
        probs (Iterator[Tensor]): Probabilities, shape (S, S) each; as many as
            there are rectangles are taken from it.
        rects (Tensor): Pixel rectangles x0, y0, x1, y1 (half-open), integer,
            shape (N, 4).

    Returns:
        list[np.ndarray]: N float32 arrays of shape (y1 - y0, x1 - x0).
    """
    rects = rects.tolist()
    resized = []
    for prob, (x0, y0, x1, y1) in zip(
            islice(probs, len(rects)), rects, strict=True):
        prob = F.interpolate(
            min_max_normalize(prob)[None, None], (y1 - y0, x1 - x0),
            mode='bilinear',
            align_corners=False)
        resized.append(prob[0, 0].cpu().numpy())
    return resized
