"""Smoothness loss of the weak head's scores (the paper, Eq. 2)."""

from torch import Tensor, nn

from mmboxcaseg.registry import MODELS


def pairwise_smoothness(probs: Tensor) -> Tensor:
    """Mean squared difference between a pixel and its eight neighbours.

    The mean is over all pairs of a pixel and a neighbour inside the patch;
    pixels at the border have fewer neighbours.

    Args:
        probs (Tensor): Scores after the sigmoid, in [0, 1], shape (B, H, W).

    Returns:
        Tensor: A scalar, float32.

    Example:
        >>> import torch
        >>> pairwise_smoothness(torch.tensor([[[0.0, 1.0]]])).item()
        1.0
    """
    probs = probs.float()
    # A pair has the same value in both directions, so the mean over four
    # directions is that over all eight.
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
    """Module of :func:`pairwise_smoothness` for logits.

    Args:
        loss_weight (float): Factor of the loss. Defaults to 0.05, as in Eq. 1.
    """

    def __init__(self, loss_weight: float = 0.05) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, logits: Tensor) -> Tensor:
        """Compute the loss.

        Args:
            logits (Tensor): Logits of the patches, shape (B, H, W).

        Returns:
            Tensor: A scalar, float32.
        """
        return self.loss_weight * pairwise_smoothness(logits.float().sigmoid())
