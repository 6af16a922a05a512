import pytest
import slow
import torch
from loss_cases import close, leaf

from mmboxcaseg.models.losses import PairwiseSmoothnessLoss, pairwise_smoothness


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
