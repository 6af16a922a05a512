"""Message passing between the positions of a map (ShapeProp)."""

import torch.nn.functional as F
from torch import Tensor

NEIGHBOURS = 9
EPS = 1e-5


def pass_messages(states: Tensor, weights: Tensor, steps: int | None = None) -> Tensor:
    """Let each position become the weighted mean of its surroundings.

    A step replaces every value by the weighted sum over its 3x3
    neighbourhood; outside the map there is 0. The nine weights of a position
    and channel are divided by their sum plus 1e-5 (Zhou et al., CVPR 2020).

    Args:
        states (Tensor): Maps of R RoIs, (R, C, h, w).
        weights (Tensor): Weights of the neighbours, >= 0, row by row of the
            neighbourhood, (R, C * 9, h, w); the nine of a channel are
            together.
        steps (int, optional): Number of steps. Defaults to None: max(h, w),
            so that each position hears of all others.

    Returns:
        Tensor: The maps after the last step, (R, C, h, w).
    """
    rois, channels, height, width = states.shape
    weights = weights.reshape(rois, channels, NEIGHBOURS, height, width)
    shares = weights / (weights.sum(dim=2, keepdim=True) + EPS)
    for _ in range(max(height, width) if steps is None else steps):
        # Views of one padded map: nine times less memory for the gradient
        # than the neighbourhoods as columns.
        padded = F.pad(states, (1, 1, 1, 1))
        states = sum(
            padded[:, :, place // 3 : place // 3 + height, place % 3 :][..., :width]
            * shares[:, :, place]
            for place in range(NEIGHBOURS)
        )
    return states
