"""MIL and smoothness loss, forward and backward."""
from typing import List

import torch
import torch.nn.functional as F
from measure import Row, in_turn, speedup
from photos import Photos
from torch import Tensor, nn

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
        return sum(conv(probs).square().mean()
                   for conv in self.differences) / 8


def plain_losses(logits: Tensor, label: Tensor) -> Tensor:
    """The two terms with eight convolutions on a module made afresh."""
    probs = logits.sigmoid()
    bags = torch.cat([probs.amax(1), probs.amax(2)], dim=1)
    boxed = label > 0
    targets = torch.cat([boxed.any(1), boxed.any(2)], dim=1).float()
    smoothness = EightConvolutions().to(logits.device)(probs[:, None])
    return F.binary_cross_entropy(bags, targets) + 0.05 * smoothness


def our_losses(logits: Tensor, label: Tensor) -> Tensor:
    """The two terms by the package's functions."""
    from mmboxcaseg.models.losses import mil_loss, pairwise_smoothness
    return mil_loss(logits,
                    label) + 0.05 * pairwise_smoothness(logits.sigmoid())


def batch() -> tuple:
    """Logits that want a gradient and box labels, (BATCH, SIZE, SIZE)."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(BATCH, SIZE, SIZE, generator=generator)
    label = torch.zeros(BATCH, SIZE, SIZE, dtype=torch.long)
    label[:, SIZE // 6:SIZE // 2, SIZE // 4:-SIZE // 5] = 1
    return logits.requires_grad_(), label


def rows(photos: Photos) -> List[Row]:
    """Item 1, but for the share of a training step (``training_step``)."""
    logits, label = batch()
    taken = in_turn(
        dict(
            plain=lambda: plain_losses(logits, label).backward(),
            ours=lambda: our_losses(logits, label).backward()))
    return [
        speedup(
            f'MIL + smoothness loss, forward and backward, {BATCH} x '
            f'{SIZE} px', 'ms', 1e3 * taken['plain'], 1e3 * taken['ours'], 20)
    ]
