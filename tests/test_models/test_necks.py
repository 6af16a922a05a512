import numpy as np
import slow
import torch

from mmboxcaseg.registry import MODELS


def test_maps_are_resized_to_the_first_and_concatenated():
    maps = [
        torch.randn(2, channels, height, width)
        for channels, height, width in ((3, 6, 8), (2, 3, 4), (1, 2, 3))
    ]
    result = MODELS.build(dict(type='ResizeConcat'))(maps)
    assert result.shape == (2, 6, 6, 8)
    assert torch.equal(result[:, :3], maps[0])
    for b in range(2):
        expected = [
            slow.resize(channel.numpy(), 6, 8) for x in maps[1:]
            for channel in x[b]
        ]
        np.testing.assert_allclose(result[b, 3:], expected, atol=1e-5)


def test_corners_may_be_aligned():
    maps = [torch.zeros(1, 1, 3, 3), torch.tensor([[[[0.0, 2], [4, 6]]]])]
    neck = MODELS.build(dict(type='ResizeConcat', align_corners=True))
    expected = [[0, 1, 2], [2, 3, 4], [4, 5, 6]]
    np.testing.assert_allclose(neck(maps)[0, 1], expected, atol=1e-6)
