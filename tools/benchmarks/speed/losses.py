"""MIL loss and smoothness loss, forward and backward."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmboxcaseg.models.losses import mil_loss, pairwise_smoothness

from .inputs import Inputs
from .measure import Row, compare, in_turn

BATCH, SIZE = 16, 288


class EightConvolutions(nn.Module):
    """Smoothness by one 3x3 convolution for each of the eight neighbours."""

    def __init__(self) -> None:
        super().__init__()
        self.differences = nn.ModuleList()
        for place in (0, 1, 2, 3, 5, 6, 7, 8):
            kernel = torch.zeros(9)
            kernel[4], kernel[place] = 1, -1
            conv = nn.Conv2d(1, 1, 3, padding=1, bias=False)
            conv.weight = nn.Parameter(kernel.view(1, 1, 3, 3), False)
            self.differences.append(conv)

    def forward(self, probs: Tensor) -> Tensor:
        """Mean squared difference of (B, 1, H, W) to all neighbours."""
        return sum(conv(probs).square().mean() for conv in self.differences) / 8


def plain_losses(logits: Tensor, label: Tensor) -> Tensor:
    """The two losses, with a new module of eight convolutions."""
    probs = logits.sigmoid()
    bags = torch.cat([probs.amax(1), probs.amax(2)], dim=1)
    boxed = label > 0
    targets = torch.cat([boxed.any(1), boxed.any(2)], dim=1).float()
    smoothness = EightConvolutions().to(logits.device)(probs[:, None])
    return F.binary_cross_entropy(bags, targets) + 0.05 * smoothness


def our_losses(logits: Tensor, label: Tensor) -> Tensor:
    """The two losses by the functions of the package."""
    return mil_loss(logits, label) + 0.05 * pairwise_smoothness(logits.sigmoid())


def batch(count: int, size: int) -> tuple[Tensor, Tensor]:
    """Make logits with gradient and labels of boxes, (count, size, size) each."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(count, size, size, generator=generator)
    label = torch.zeros(count, size, size, dtype=torch.long)
    label[:, size // 6 : size // 2, size // 4 : -size // 5] = 1
    return logits.requires_grad_(), label


def rows(inputs: Inputs) -> list[Row]:
    """Measure a batch; ``training_step`` has the share of a training step."""
    logits, label = batch(BATCH, SIZE)
    ms = in_turn(
        dict(
            plain=lambda: plain_losses(logits, label).backward(),
            ours=lambda: our_losses(logits, label).backward(),
        )
    )
    what = f'MIL + smoothness loss, forward and backward, {BATCH} x {SIZE} px'
    return compare(ms, [(what, 'ours', 'plain')])
