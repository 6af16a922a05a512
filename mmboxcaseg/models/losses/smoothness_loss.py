"""Local smoothness of the weak head's scores (the paper, Eq. 2)."""

from torch import Tensor, nn

from mmboxcaseg.registry import MODELS


def pairwise_smoothness(probs: Tensor) -> Tensor:
    """Mean squared difference of every pixel to its eight neighbours.

    The mean runs over all pairs of a pixel and a neighbour inside the patch;
    a pixel at the border simply has fewer neighbours.

    Args:
        probs (Tensor): Scores after the sigmoid, shape (B, H, W), in [0, 1].

    Returns:
        Tensor: A scalar, float32.
    """
    probs = probs.float()
    # A pair counts once in each direction with the same value: four shifts
    # give the mean over all eight.
    shifts = (
        probs[:, :, 1:] - probs[:, :, :-1],
        probs[:, 1:, :] - probs[:, :-1, :],
        probs[:, 1:, 1:] - probs[:, :-1, :-1],
        probs[:, 1:, :-1] - probs[:, :-1, 1:],
    )
    pairs = sum(shift.numel() for shift in shifts)
    return sum(shift.square().sum() for shift in shifts) / pairs


@MODELS.register_module()
class PairwiseSmoothnessLoss(nn.Module):
    """:func:`pairwise_smoothness` of the sigmoid of the logits.

    Args:
        loss_weight (float): Factor of the loss; Eq. 1 fixes 0.05. Defaults
            to 0.05.
    """

    def __init__(self, loss_weight: float = 0.05) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, logits: Tensor) -> Tensor:
        """Args: logits (Tensor): Scores before the sigmoid, (B, H, W)."""
        return self.loss_weight * pairwise_smoothness(logits.float().sigmoid())
