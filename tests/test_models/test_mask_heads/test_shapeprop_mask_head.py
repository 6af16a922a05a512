import pytest
import torch

pytest.importorskip('mmcv._ext', reason="Mask R-CNN needs mmcv's compiled operators")
from mmboxcaseg.models import ShapePropMaskHead  # noqa: E402


@pytest.fixture
def head():
    torch.manual_seed(0)
    net = ShapePropMaskHead(
        num_convs=1, in_channels=3, conv_out_channels=5, num_classes=4
    )
    net.init_weights()
    return net


def test_layers_of_the_paper():
    with torch.device('meta'):
        net = ShapePropMaskHead(num_classes=20, num_extra_classes=1)
    conv = 256 * 256 * 9 + 256
    encoder = (256 * 9 + 256) + 3 * conv
    first = 512 * 256 * 9 + 256
    end = (256 * 256 * 4 + 256) + (256 + 1)
    assert sum(p.numel() for p in net.parameters()) == encoder + first + 3 * conv + end


def test_masks_are_class_agnostic(head):
    feats, shapes = torch.randn(2, 3, 6, 6), torch.randn(2, 6, 6)
    assert head(feats, shapes).shape == (2, 1, 12, 12)
    assert head(feats[:0], shapes[:0]).shape == (0, 1, 12, 12)


def test_fusion(head):
    feats, shapes = torch.randn(2, 3, 6, 6), torch.randn(2, 6, 6)
    shapes[1] = -1
    fused = head.fuse(feats, shapes)
    assert torch.equal(fused[:, :3], feats)
    positive = shapes[0].clamp(min=0)
    own = positive / (positive.max() + 1e-5)
    torch.testing.assert_close(
        fused[:, 3:],
        # A shape below 0 all over is 0, not a division by it.
        head.shape_encoder(torch.stack([own, torch.zeros(6, 6)])[:, None]),
    )
    # The strength of a shape is of no account.
    torch.testing.assert_close(
        head.fuse(feats, 100 * shapes), fused, rtol=1e-3, atol=1e-4
    )


def test_shapes_of_another_size(head):
    fused = head.fuse(torch.randn(2, 3, 6, 6), torch.randn(2, 3, 3))
    assert fused.shape == (2, 8, 6, 6)
