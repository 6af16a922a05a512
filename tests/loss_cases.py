"""What the tests of losses share: labels, logits, a comparison."""

import numpy as np
import torch

HEIGHT, WIDTH = 7, 9


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
    np.testing.assert_allclose(actual.detach().numpy(), expected, rtol=2e-5, atol=1e-7)
