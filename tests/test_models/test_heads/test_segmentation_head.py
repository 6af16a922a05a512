import numpy as np
from head_cases import CHANNELS, head_by_hand, make_maps, numbers, randomize

from mmboxcaseg.models import SegmentationHead


def test_segmentation_head():
    head = randomize(SegmentationHead(CHANNELS)).eval()
    feats = make_maps()
    expected = head_by_hand(
        feats,
        (head.conv.weight, head.conv.bias),
        head.norm,
        (head.conv_seg.weight, head.conv_seg.bias),
    )
    np.testing.assert_allclose(numbers(head(feats)), expected, atol=1e-5)
    assert head.norm.momentum == 0.01
