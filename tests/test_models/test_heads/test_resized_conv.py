import numpy as np
import pytest
import slow
import torch
from head_cases import make_maps, numbers
from torch.nn import functional as F

from mmboxcaseg.models import SegmentationHead
from mmboxcaseg.models.heads import conv_of_resized


def test_it_is_the_convolution_of_the_concatenation():
    maps = make_maps()
    weight, bias = torch.randn(4, 5, 1, 1), torch.randn(4)
    height, width = maps[0].shape[2:]
    feats = np.array(
        [
            [
                slow.resize(numbers(channel), height, width)
                for x in maps
                for channel in x[b]
            ]
            for b in range(2)
        ]
    )
    for shift in (bias, None):
        expected = F.conv2d(torch.from_numpy(feats).float(), weight, shift)
        torch.testing.assert_close(
            conv_of_resized(maps, weight, shift), expected, rtol=1e-5, atol=1e-5
        )


def test_channels_must_add_up():
    with pytest.raises(ValueError, match=r'in_channels=4.*2 \+ 2 \+ 1 = 5'):
        SegmentationHead(4)(make_maps())
