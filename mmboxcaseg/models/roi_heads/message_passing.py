"""Message passing between the positions of a map (ShapeProp)."""

import torch.nn.functional as F
from torch import Tensor

NEIGHBOURS = 9
EPS = 1e-5


def pass_messages(states: Tensor, weights: Tensor, steps: int | None = None) -> Tensor:
    """Replace each value several times by the weighted mean of its neighbours.

    A step replaces each value by the weighted sum over its 3x3 neighbourhood;
    outside the map values are 0. The nine weights of a position and channel
    are divided by their sum plus 1e-5 (Zhou et al., CVPR 2020).

    Args:
        states (Tensor): Maps of R RoIs, (R, C, h, w).
        weights (Tensor): Weights of the neighbours, at least 0, shape
            (R, C * 9, h, w). The nine weights of a channel follow each other,
            row by row of the neighbourhood.
        steps (int, optional): Number of steps. Defaults to None: max(h, w),
            so that each position gets messages from all others.

    Returns:
        Tensor: The maps after the last step, (R, C, h, w).
    """
    rois, channels, height, width = states.shape
    weights = weights.reshape(rois, channels, NEIGHBOURS, height, width)
    shares = weights / (weights.sum(dim=2, keepdim=True) + EPS)
    for _ in range(max(height, width) if steps is None else steps):
        # Views of one padded map. Stacked neighbourhoods would need nine times
        # the memory for the gradient.
        padded = F.pad(states, (1, 1, 1, 1))
        states = sum(
            padded[:, :, place // 3 : place // 3 + height, place % 3 :][..., :width]
            * shares[:, :, place]
            for place in range(NEIGHBOURS)
        )
    return states
