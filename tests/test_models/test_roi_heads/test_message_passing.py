import numpy as np
import pytest
import torch

pytest.importorskip('mmcv._ext', reason="mmdet's heads need mmcv's operators")
from mmboxcaseg.models import pass_messages  # noqa: E402


def passed(states, weights, steps):
    """Message passing position by position."""
    rois, channels, height, width = states.shape
    for _ in range(steps):
        after = np.zeros_like(states)
        for place in np.ndindex(rois, channels, height, width):
            roi, channel, y, x = place
            own = [weights[roi, channel * 9 + k, y, x] for k in range(9)]
            for k, weight in enumerate(own):
                row, column = y + k // 3 - 1, x + k % 3 - 1
                # Outside the map there is 0.
                if 0 <= row < height and 0 <= column < width:
                    share = weight / (sum(own) + 1e-5)
                    after[place] += share * states[roi, channel, row, column]
        states = after
    return states


def random(*shape, seed=0):
    return torch.rand(
        *shape, dtype=torch.double, generator=torch.Generator().manual_seed(seed)
    )


@pytest.mark.parametrize('size', [(4, 4), (3, 5), (5, 2)])
@pytest.mark.parametrize('steps', [None, 1, 0])
def test_against_a_loop(size, steps):
    states, weights = random(2, 3, *size), random(2, 27, *size, seed=1)
    count = max(size) if steps is None else steps
    result = pass_messages(states, weights, steps)
    expected = passed(states.numpy(), weights.numpy(), count)
    np.testing.assert_allclose(result.numpy(), expected, rtol=1e-12)


def test_every_position_hears_of_all_others():
    size = 6
    states = torch.zeros(1, 1, size, size)
    states[0, 0, 0, 0] = 1
    assert (pass_messages(states, torch.ones(1, 9, size, size)) > 0).all()


def test_gradients():
    states = random(1, 2, 3, 4).requires_grad_()
    weights = random(1, 18, 3, 4, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(pass_messages, (states, weights))


def test_no_roi():
    states = torch.zeros(0, 2, 3, 4, requires_grad=True)
    result = pass_messages(states, torch.zeros(0, 18, 3, 4))
    assert result.shape == (0, 2, 3, 4)
    result.sum().backward()
