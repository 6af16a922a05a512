"""The pairwise loss of BoxInst: neighbours of similar colour share a label."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmboxcaseg.registry import MODELS

from .mil_loss import tight_box_lines

# Matrix from linear RGB to XYZ relative to the white point D65, and the value
# below which CIELAB is linear.
XYZ = (
    (0.412453 / 0.950456, 0.357580 / 0.950456, 0.180423 / 0.950456),
    (0.212671, 0.715160, 0.072169),
    (0.019334 / 1.088754, 0.119193 / 1.088754, 0.950227 / 1.088754),
)
LINEAR_BELOW = (6 / 29) ** 3
# Right, down and the two diagonals. The other four directions give the same pairs.
DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))


def rgb_to_lab(rgb: Tensor) -> Tensor:
    """Convert sRGB to CIELAB, whose distances match perceived differences.

    Args:
        rgb (Tensor): sRGB in [0, 255], shape (B, 3, H, W).

    Returns:
        Tensor: L in [0, 100], a and b, float32, shape (B, 3, H, W).

    Example:
        White has L = 100 and no colour:

        >>> rgb_to_lab(torch.full((1, 3, 1, 1), 255.0)).flatten().round().abs().tolist()
        [100.0, 0.0, 0.0]
    """
    rgb = (rgb.float() / 255).clamp(0, 1)
    linear = torch.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    xyz = torch.einsum('ij,bjhw->bihw', rgb.new_tensor(XYZ), linear)
    f = torch.where(
        xyz > LINEAR_BELOW,
        xyz.clamp(min=LINEAR_BELOW) ** (1 / 3),
        xyz / (3 * (6 / 29) ** 2) + 4 / 29,
    )
    x, y, z = f.unbind(dim=1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=1)


def _pair(values: Tensor, dy: int, dx: int) -> tuple[Tensor, Tensor]:
    """Views of the pixels that have a neighbour, and of these neighbours.

    Args:
        values (Tensor): Values of shape (..., H, W).
        dy (int): Rows from a pixel to its neighbour, at least 0.
        dx (int): Columns from a pixel to its neighbour; may be negative.
    """
    height, width = values.shape[-2:]
    low, high = max(0, -dx), width - max(0, dx)
    return (
        values[..., : height - dy, low:high],
        values[..., dy:, low + dx : high + dx],
    )


def color_pairs_loss(
    logits: Tensor,
    label: Tensor,
    rgb: Tensor,
    stride: int = 4,
    step: int = 2,
    similarity_thr: float = 0.3,
) -> Tensor:
    """Cross entropy of "both pixels have the same label" (Tian et al. 2021).

    A pair is a pixel and a neighbour ``step`` pixels away in one of eight
    directions. It counts if at least one of the two lies in the tight box of
    the label and their colours are similar: exp(-d / 2) >=
    ``similarity_thr``, where d is their distance in CIELAB.

    Args:
        logits (Tensor): Logits of the patches, shape (B, H, W).
        label (Tensor): Filled box or mask of each patch, 0 or positive, shape
            (B, H, W).
        rgb (Tensor): The patches, RGB in [0, 255], shape (B, 3, H, W).
        stride (int): Side of the squares over which all inputs are averaged
            first, in pixels. Defaults to 4, the stride of the network's
            features.
        step (int): Distance of neighbours after averaging. Defaults to 2.
        similarity_thr (float): Threshold of the similarity, in (0, 1].
            Defaults to 0.3.

    Returns:
        Tensor: Mean over all pairs that count, 0 if there are none; a scalar,
        float32.
    """
    columns, rows = tight_box_lines(label)
    boxes = (rows[:, :, None] & columns[:, None, :]).float()
    scores, in_box, colors = (
        F.avg_pool2d(each.float(), stride) for each in (logits, boxes, rgb)
    )
    lab = rgb_to_lab(colors)
    in_box = in_box >= 0.5
    total, count = scores.sum() * 0, scores.new_zeros(())
    for dy, dx in DIRECTIONS:
        one, other = _pair(scores, step * dy, step * dx)
        here, there = _pair(lab, step * dy, step * dx)
        similarity = (-(here - there).norm(dim=1) / 2).exp()
        first, second = _pair(in_box, step * dy, step * dx)
        chosen = (first | second) & (similarity >= similarity_thr)
        # log(p q + (1 - p)(1 - q)), computed from logarithms.
        log_same = torch.logaddexp(
            F.logsigmoid(one) + F.logsigmoid(other),
            F.logsigmoid(-one) + F.logsigmoid(-other),
        )
        total = total - (log_same * chosen).sum()
        count = count + chosen.sum()
    return total / count.clamp(min=1)


@MODELS.register_module()
class ColorPairsLoss(nn.Module):
    """Module of :func:`color_pairs_loss`, for ``loss_color`` of BoxCaseg.

    Args:
        loss_weight (float): Factor of the loss. Defaults to 1.0.
        stride (int): Side of the squares that are averaged, in pixels.
            Defaults to 4.
        step (int): Distance of neighbours after averaging. Defaults to 2.
        similarity_thr (float): Threshold of the similarity, in (0, 1].
            Defaults to 0.3.
    """

    def __init__(
        self,
        loss_weight: float = 1.0,
        stride: int = 4,
        step: int = 2,
        similarity_thr: float = 0.3,
    ) -> None:
        super().__init__()
        self.loss_weight = loss_weight
        self.stride = stride
        self.step = step
        self.similarity_thr = similarity_thr

    def forward(self, logits: Tensor, label: Tensor, rgb: Tensor) -> Tensor:
        """Compute the loss.

        Args:
            logits (Tensor): Logits of the patches, shape (B, H, W).
            label (Tensor): Filled box or mask of each patch, 0 or positive,
                shape (B, H, W).
            rgb (Tensor): The patches, RGB in [0, 255], shape (B, 3, H, W).

        Returns:
            Tensor: A scalar, float32.
        """
        return self.loss_weight * color_pairs_loss(
            logits, label, rgb, self.stride, self.step, self.similarity_thr
        )
