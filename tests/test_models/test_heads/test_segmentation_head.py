import numpy as np
import pytest
from head_cases import CHANNELS, head_by_hand, make_maps, numbers, randomize

from mmboxcaseg.models import SegmentationHead


@pytest.mark.parametrize('channels', [None, 3])
def test_segmentation_head(channels):
    head = randomize(SegmentationHead(CHANNELS, channels)).eval()
    hidden = CHANNELS if channels is None else channels
    assert head.conv.weight.shape == (hidden, CHANNELS, 1, 1)
    feats = make_maps()
    expected = head_by_hand(
        feats,
        (head.conv.weight, head.conv.bias),
        head.norm,
        (head.conv_seg.weight, head.conv_seg.bias),
    )
    np.testing.assert_allclose(numbers(head(feats)), expected, atol=1e-5)
    assert head.norm.momentum == 0.01
