import numpy as np
import pytest
import slow
import torch
from loss_cases import HEIGHT, WIDTH, close, labels, leaf

from mmboxcaseg.models.losses import FusedPixelLoss, fused_pixel_loss, fused_probs

ALPHAS = (0, 0.3, 0.7, 1)


@pytest.mark.parametrize('fuse', ['prob', 'logit'])
@pytest.mark.parametrize('alpha', ALPHAS)
def test_pixel_loss_value_and_gradient(alpha, fuse):
    salient, transferred = leaf(2), leaf(3)
    label = labels()
    loss = fused_pixel_loss(salient, transferred, torch.from_numpy(label), alpha, fuse)
    loss.sum().backward()
    assert loss.shape == (5,) and loss.dtype == torch.float32
    for b in range(5):
        value, grad_s, grad_t = slow.pixel(
            salient[b].detach().numpy(),
            transferred[b].detach().numpy(),
            label[b],
            alpha,
            fuse,
        )
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
                *(None if x is None else x[b] for x in given), label[b], 0.7, fuse
            )
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


def test_confident_mistake_keeps_its_gradient():
    # sigmoid(-200) is 0 in float32, its logarithm would be -inf.
    salient = torch.full((1, 2, 2), -200.0, requires_grad=True)
    transferred = torch.full((1, 2, 2), -200.0, requires_grad=True)
    loss = fused_pixel_loss(salient, transferred, torch.ones(1, 2, 2), 0.7, 'prob')
    loss.sum().backward()
    close(loss, 200)
    close(salient.grad, np.full((1, 2, 2), -0.7 / 4))
    close(transferred.grad, np.full((1, 2, 2), -0.3 / 4))


def test_patches_are_weighted():
    salient, transferred = leaf(2), leaf(3)
    mask = torch.from_numpy(labels())
    each = fused_pixel_loss(salient, transferred, mask, 0.7, 'prob').tolist()
    weight = torch.tensor([1.0, 0, 1, 0, 1])
    loss = FusedPixelLoss(loss_weight=2.0)(
        salient, transferred, mask, weight, torch.tensor(3.0), 0.7, 'prob'
    )
    assert loss.item() == pytest.approx(2 * (each[0] + each[2] + each[4]) / 3, rel=1e-6)
    loss.backward()
    assert not salient.grad[[1, 3]].any() and salient.grad[0].all()
