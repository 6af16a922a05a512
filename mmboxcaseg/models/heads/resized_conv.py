"""1x1 convolution of maps at several strides (the paper, Fig. 4)."""

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional as F


def conv_of_resized(
    maps: Sequence[Tensor], weight: Tensor, bias: Tensor | None = None
) -> Tensor:
    """Convolve the concatenation of all maps, resized to the first one's size.

    A 1x1 convolution and bilinear resizing are both linear, one over the
    channels and one over the positions, so they may change places: every map
    is convolved at its own size with its share of the weight, and the results
    are resized and added up. It is the same but for rounding, at about an
    eighth of the multiplications for HRNet, and the concatenated map is never
    made.

    Args:
        maps (Sequence[Tensor]): Maps of shape (B, C_i, H_i, W_i).
            HRNetV2-W48 gives 48, 96, 192 and 384 channels at strides 4, 8, 16
            and 32.
        weight (Tensor): Shape (C_out, sum of C_i, 1, 1), its input channels
            in the order of the maps.
        bias (Tensor, optional): Shape (C_out, ). Defaults to None.

    Returns:
        Tensor: Shape (B, C_out, H_0, W_0).

    Raises:
        ValueError: If the channels of the maps don't add up to the weight's.
    """
    channels = [x.shape[1] for x in maps]
    if sum(channels) != weight.shape[1]:
        raise ValueError(
            f'the head has in_channels={weight.shape[1]}, but the maps have '
            f'{" + ".join(map(str, channels))} = {sum(channels)} channels'
        )
    shares = weight.split(channels, dim=1)
    result = F.conv2d(maps[0], shares[0], bias)
    for x, share in zip(maps[1:], shares[1:]):
        result += F.interpolate(
            F.conv2d(x, share), maps[0].shape[-2:], mode='bilinear', align_corners=False
        )
    return result
