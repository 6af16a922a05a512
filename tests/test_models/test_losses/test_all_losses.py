"""What holds for every loss."""

import pytest
import torch
from loss_cases import labels, leaf

from mmboxcaseg.models.losses import (
    FusedPixelLoss,
    MILLoss,
    PairwiseSmoothnessLoss,
    fused_pixel_loss,
    mil_loss,
    pairwise_smoothness,
)
from mmboxcaseg.registry import MODELS

ALPHAS = (0, 0.3, 0.7, 1)


@pytest.mark.parametrize('fuse', ['prob', 'logit'])
@pytest.mark.parametrize('alpha', ALPHAS)
@pytest.mark.parametrize('extreme', [1e2, 1e4, 1e30])
def test_extreme_logits(alpha, fuse, extreme):
    corners = torch.tensor([[extreme, extreme], [-extreme, -extreme]])
    salient = corners[None].repeat(2, 1, 1).requires_grad_()
    transferred = corners.T[None].repeat(2, 1, 1).requires_grad_()
    mask = torch.stack([torch.zeros(2, 2), torch.ones(2, 2)])
    loss = fused_pixel_loss(salient, transferred, mask, alpha, fuse).sum()
    loss = loss + mil_loss(salient, mask) + mil_loss(salient, mask, 'box')
    loss = loss + PairwiseSmoothnessLoss()(salient)
    loss.backward()
    assert loss.isfinite()
    assert salient.grad.isfinite().all()
    assert transferred.grad.isfinite().all()


def test_losses_are_float32_under_autocast():
    mask = torch.from_numpy(labels())
    logits = leaf(4).detach().bfloat16()
    weight, factor = torch.ones(5), torch.tensor(5.0)

    def losses():
        return [
            MILLoss()(logits, mask),
            MILLoss(bag_extent='box', reduction='sum')(logits, mask),
            PairwiseSmoothnessLoss()(logits),
            *(
                FusedPixelLoss()(logits, -logits, mask, weight, factor, alpha, fuse)
                for alpha in (0, 0.7, 1)
                for fuse in ('prob', 'logit')
            ),
        ]

    plain = losses()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        mixed = losses()
    assert all(loss.dtype == torch.float32 for loss in plain + mixed)
    assert [x.item() for x in mixed] == [x.item() for x in plain]


def test_modules_are_registered_and_weighted():
    logits, mask = leaf(), torch.from_numpy(labels())
    loss = MODELS.build(dict(type='MILLoss', loss_weight=3.0))
    assert loss(logits, mask).item() == pytest.approx(3 * mil_loss(logits, mask).item())
    loss = MODELS.build(dict(type='PairwiseSmoothnessLoss', loss_weight=1.0))
    assert loss(logits).item() == pytest.approx(
        pairwise_smoothness(logits.sigmoid()).item()
    )
