import numpy as np
import pytest
import slow
import torch

from mmboxcaseg.models.losses import (FusedPixelLoss, MILLoss,
                                      PairwiseSmoothnessLoss, fused_pixel_loss,
                                      fused_probs, mil_loss,
                                      pairwise_smoothness, tight_box_lines)
from mmboxcaseg.registry import MODELS

HEIGHT, WIDTH = 7, 9
ALPHAS = (0, 0.3, 0.7, 1)


def labels():
    """Box, mask in two pieces, box at the border, nothing, everything."""
    label = np.zeros((5, HEIGHT, WIDTH), dtype=np.int64)
    label[0, 2:5, 3:8] = 1
    label[1, 1, 2] = label[1, 5:6, 6:8] = 1
    label[2, 0, :] = 1
    label[4] = 1
    return label


def leaf(seed=0, shape=(5, HEIGHT, WIDTH), scale=2.0):
    generator = torch.Generator().manual_seed(seed)
    return (scale * torch.randn(shape, generator=generator)).requires_grad_()


def close(actual, expected):
    np.testing.assert_allclose(
        actual.detach().numpy(), expected, rtol=2e-5, atol=1e-7)


@pytest.mark.parametrize('extent', ['line', 'box'])
@pytest.mark.parametrize('reduction', ['mean', 'sum'])
def test_mil_value_and_gradient(extent, reduction):
    logits, label = leaf(), labels()
    loss = mil_loss(logits, torch.from_numpy(label), extent, reduction)
    loss.backward()
    value, grad = slow.mil(logits.detach().numpy(), label, extent, reduction)
    assert loss.shape == () and loss.dtype == torch.float32
    close(loss, value)
    close(logits.grad, grad)
    # One pixel a bag learns at most.
    assert (logits.grad != 0).sum() <= 5 * (HEIGHT + WIDTH)


def test_mil_extents_differ_where_the_best_pixel_is_outside():
    logits = torch.full((1, 4, 4), -3.0)
    logits[0, 0, 1] = 5.0
    label = torch.zeros(1, 4, 4)
    label[0, 1:3, 1:3] = 1
    line = mil_loss(logits, label, 'line').item()
    box = mil_loss(logits, label, 'box').item()
    low, high = slow.sigmoid(-3), slow.sigmoid(5)
    # Columns 0, 3 and rows 0, 3 are negative; row 0 holds the high pixel.
    negatives = -3 * np.log(1 - low) - np.log(1 - high)
    # Column 1 is positive: the high pixel is in the line, not in the box.
    assert line == pytest.approx(
        (negatives - np.log(high) - 3 * np.log(low)) / 8, rel=1e-5)
    assert box == pytest.approx((negatives - 4 * np.log(low)) / 8, rel=1e-5)


def test_mil_mean_is_over_576_bags_at_288():
    logits = torch.zeros(2, 288, 288)
    label = torch.zeros(2, 288, 288)
    assert mil_loss(logits, label).item() == pytest.approx(np.log(2))
    total = mil_loss(logits, label, reduction='sum').item()
    assert total == pytest.approx(576 * np.log(2), rel=1e-5)


def test_tight_box_lines():
    label = labels()
    columns, rows = tight_box_lines(torch.from_numpy(label))
    assert columns.shape == (5, WIDTH) and rows.shape == (5, HEIGHT)
    for b in range(5):
        x0, y0, x1, y1 = slow.tight_box(label[b]) or (0, 0, 0, 0)
        assert columns[b].tolist() == [x0 <= x < x1 for x in range(WIDTH)]
        assert rows[b].tolist() == [y0 <= y < y1 for y in range(HEIGHT)]


@pytest.mark.parametrize('shape', [(2, 5, 6), (1, 1, 4), (3, 2, 2)])
def test_smoothness_value_and_gradient(shape):
    logits = leaf(1, shape)
    loss = PairwiseSmoothnessLoss()(logits)
    loss.backward()
    value, grad = slow.smoothness(logits.detach().numpy())
    assert loss.shape == () and loss.dtype == torch.float32
    close(loss, 0.05 * value)
    close(logits.grad, 0.05 * grad)


def test_smoothness_by_hand():
    # The 1 differs from its 3 neighbours, in both directions; there are 2
    # horizontal, 2 vertical and 2 diagonal pairs.
    probs = torch.tensor([[[0.0, 1.0], [0.0, 0.0]]])
    assert pairwise_smoothness(probs).item() == 0.5
    # Nothing beyond the border counts.
    assert pairwise_smoothness(torch.ones(2, 3, 3)).item() == 0


@pytest.mark.parametrize('fuse', ['prob', 'logit'])
@pytest.mark.parametrize('alpha', ALPHAS)
def test_pixel_loss_value_and_gradient(alpha, fuse):
    salient, transferred = leaf(2), leaf(3)
    label = labels()
    loss = fused_pixel_loss(salient, transferred, torch.from_numpy(label),
                            alpha, fuse)
    loss.sum().backward()
    assert loss.shape == (5, ) and loss.dtype == torch.float32
    for b in range(5):
        value, grad_s, grad_t = slow.pixel(salient[b].detach().numpy(),
                                           transferred[b].detach().numpy(),
                                           label[b], alpha, fuse)
        close(loss[b], value)
        close(salient.grad[b], grad_s)
        close(transferred.grad[b], grad_t)


@pytest.mark.parametrize('fuse', ['prob', 'logit'])
def test_pixel_loss_of_one_head(fuse):
    logits, label = leaf(2), labels()
    for pair in ((logits, None), (None, logits)):
        logits.grad = None
        loss = fused_pixel_loss(*pair, torch.from_numpy(label), 0.7, fuse)
        loss.sum().backward()
        given = [None if x is None else x.detach().numpy() for x in pair]
        for b in range(5):
            value, *grads = slow.pixel(
                *(None if x is None else x[b] for x in given), label[b], 0.7,
                fuse)
            close(loss[b], value)
            close(logits.grad[b], grads[0 if given[0] is not None else 1])


@pytest.mark.parametrize('fuse', ['prob', 'logit'])
@pytest.mark.parametrize('alpha', ALPHAS)
def test_fused_probs(alpha, fuse):
    salient, transferred = leaf(2), leaf(3)
    probs = fused_probs(salient, transferred, alpha, fuse)
    for index in np.ndindex(5, HEIGHT, WIDTH):
        s, t = salient[index].item(), transferred[index].item()
        if fuse == 'logit':
            expected = slow.sigmoid(alpha * s + (1 - alpha) * t)
        else:
            expected = alpha * slow.sigmoid(s) + (1 - alpha) * slow.sigmoid(t)
        assert probs[index].item() == pytest.approx(expected, rel=1e-5)
    only = torch.sigmoid(salient)
    assert torch.equal(fused_probs(salient, None, alpha, fuse), only)
    assert torch.equal(fused_probs(None, salient, alpha, fuse), only)


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


def test_confident_mistake_keeps_its_gradient():
    # sigmoid(-200) is 0 in float32, its logarithm would be -inf.
    salient = torch.full((1, 2, 2), -200.0, requires_grad=True)
    transferred = torch.full((1, 2, 2), -200.0, requires_grad=True)
    loss = fused_pixel_loss(salient, transferred, torch.ones(1, 2, 2), 0.7,
                            'prob')
    loss.sum().backward()
    close(loss, 200)
    close(salient.grad, np.full((1, 2, 2), -0.7 / 4))
    close(transferred.grad, np.full((1, 2, 2), -0.3 / 4))


def test_patches_are_weighted():
    salient, transferred = leaf(2), leaf(3)
    mask = torch.from_numpy(labels())
    each = fused_pixel_loss(salient, transferred, mask, 0.7, 'prob').tolist()
    weight = torch.tensor([1.0, 0, 1, 0, 1])
    loss = FusedPixelLoss(loss_weight=2.0)(salient, transferred, mask, weight,
                                           torch.tensor(3.0), 0.7, 'prob')
    assert loss.item() == pytest.approx(
        2 * (each[0] + each[2] + each[4]) / 3, rel=1e-6)
    loss.backward()
    assert not salient.grad[[1, 3]].any() and salient.grad[0].all()


def test_losses_are_float32_under_autocast():
    mask = torch.from_numpy(labels())
    logits = leaf(4).detach().bfloat16()
    weight, factor = torch.ones(5), torch.tensor(5.0)

    def losses():
        return [
            MILLoss()(logits, mask),
            MILLoss(bag_extent='box', reduction='sum')(logits, mask),
            PairwiseSmoothnessLoss()(logits), *(FusedPixelLoss()(
                logits, -logits, mask, weight, factor, alpha, fuse)
                                                for alpha in (0, 0.7, 1)
                                                for fuse in ('prob', 'logit'))
        ]

    plain = losses()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        mixed = losses()
    assert all(loss.dtype == torch.float32 for loss in plain + mixed)
    assert [x.item() for x in mixed] == [x.item() for x in plain]


def test_modules_are_registered_and_weighted():
    logits, mask = leaf(), torch.from_numpy(labels())
    loss = MODELS.build(dict(type='MILLoss', loss_weight=3.0))
    assert loss(logits, mask).item() == pytest.approx(
        3 * mil_loss(logits, mask).item())
    loss = MODELS.build(dict(type='PairwiseSmoothnessLoss', loss_weight=1.0))
    assert loss(logits).item() == pytest.approx(
        pairwise_smoothness(logits.sigmoid()).item())


def test_wrong_settings_are_named():
    with pytest.raises(ValueError, match="bag_extent .* got 'row'"):
        MILLoss(bag_extent='row')
    with pytest.raises(ValueError, match="reduction .* got 'none'"):
        MILLoss(reduction='none')
