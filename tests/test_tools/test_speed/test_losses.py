import pytest
import torch

from mmboxcaseg.models.losses import mil_loss, pairwise_smoothness
from tools.benchmarks.speed import losses


def test_losses_of_both_sides():
    # Padding and the missing pairs at the border make no difference where
    # the border has probability zero, but for what the sum is divided by.
    logits = torch.full((2, 12, 12), -1e4, dtype=torch.float64)
    logits[:, 2:-2, 2:-2] = torch.randn(2, 8, 8, dtype=torch.float64)
    label = torch.zeros(2, 12, 12, dtype=torch.long)
    label[:, 3:7, 4:9] = 1
    smooth = losses.EightConvolutions().double()(logits.sigmoid()[:, None])
    pairs = 2 * (12 * 11 + 11 * 11) / (8 * 144 / 2)
    ours = pairwise_smoothness(logits.sigmoid()) * pairs
    assert ours.item() == pytest.approx(smooth.item(), rel=1e-5)
    mil = losses.plain_losses(logits.float(), label) - 0.05 * smooth
    assert mil_loss(logits, label).item() == pytest.approx(
        min(mil.item(), 100), rel=1e-4
    )
