"""The folded network: the same predictions from fewer operations.

In evaluation mode, batch normalisation multiplies each channel by a factor and
adds an offset. Both are folded into the convolution before it. The first
convolutions of the heads that a prediction needs are joined into one, so that
maps and logits are resized once for all heads.
"""

import copy
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

from ..heads import SegmentationHead, TransferredHead, conv_of_resized

# Largest change of a map by folding (rounding), relative to its largest value.
TOLERANCE = 1e-3
Weights = tuple[Tensor, ...]


def fold_backbone(backbone: nn.Module, sample: Tensor) -> nn.Module:
    """Copy a backbone, with its normalisation layers folded.

    Which convolution a normalisation layer follows is guessed from the order
    of a module's children, so the output of the copy is checked.

    Args:
        backbone (nn.Module): Backbone in evaluation mode.
        sample (Tensor): Normalised crops for the check, shape (B, 3, H, W).

    Returns:
        nn.Module: The copy, or the backbone itself if their outputs differ.
    """
    folded = copy.deepcopy(backbone)
    # Not by calling the module, which would run hooks.
    expected = [x.clone() for x in folded.forward(sample)]
    _fold_norms(folded)
    same = all(
        (x - y).abs().max() <= TOLERANCE * x.abs().max()
        for x, y in zip(expected, folded.forward(sample))
    )
    return folded if same else backbone


def _fold_norms(module: nn.Module) -> None:
    """Fold the normalisation layers right after convolutions, in place.

    These convolutions get the buffer ``factor``: the factors by which their
    weights were multiplied.
    """
    conv = None
    for name, child in module.named_children():
        scale = scale_of(child) if conv is not None else None
        if scale is not None and len(scale[0]) == conv.out_channels:
            factor, offset = scale
            weight = conv.weight * factor[:, None, None, None]
            bias = offset if conv.bias is None else conv.bias * factor + offset
            conv.weight = nn.Parameter(weight.detach(), requires_grad=False)
            conv.bias = nn.Parameter(bias.detach(), requires_grad=False)
            conv.register_buffer('factor', factor, persistent=False)
            # Some layers, such as timm's, hold the activation that follows them.
            setattr(module, name, nn.Sequential(*child.children()))
        elif not isinstance(child, nn.Conv2d):
            _fold_norms(child)
        conv = child if isinstance(child, nn.Conv2d) else None


def scale_of(norm: nn.Module) -> tuple[Tensor, Tensor] | None:
    """Factors and offsets of a batch normalisation in evaluation mode.

    Args:
        norm (nn.Module): Any module.

    Returns:
        tuple[Tensor, Tensor] | None: Factor and offset of each channel, (C,)
        each; None if the module is no batch normalisation or has no
        statistics.
    """
    if not isinstance(norm, _BatchNorm) or norm.running_mean is None:
        return None
    factor = torch.rsqrt(norm.running_var + norm.eps)
    if not norm.affine:
        return factor, -norm.running_mean * factor
    factor = (factor * norm.weight).detach()
    return factor, (norm.bias - norm.running_mean * factor).detach()


class FoldedHead(NamedTuple):
    """The two convolutions of a head, with the normalisation folded.

    Attributes:
        weight (Tensor): Weight of the first convolution, (C, C, 1, 1).
        bias (Tensor): Bias of the first convolution, (C,).
        weight_seg (Tensor): Weight of the second convolution, (1, C, 1, 1).
        bias_seg (Tensor): Bias of the second convolution, (1,).
        factor (Tensor): Factors by which folding multiplied ``weight``, (C,).
    """

    weight: Tensor
    bias: Tensor
    weight_seg: Tensor
    bias_seg: Tensor
    factor: Tensor


def fold_head(
    head: SegmentationHead | TransferredHead, transferred: Weights | None = None
) -> FoldedHead | None:
    """Fold the normalisation layer of a head into its first convolution.

    Args:
        head (SegmentationHead | TransferredHead): Head in evaluation mode.
        transferred (tuple[Tensor, ...], optional): Weights of a transferred
            head, see :meth:`TransferredHead.transfer`. Defaults to None: the
            head has its own.

    Returns:
        FoldedHead | None: The folded head; None if its normalisation layer is
        not a batch normalisation with statistics.
    """
    scale = scale_of(head.norm)
    if scale is None:
        return None
    factor, offset = scale
    weight, bias, weight_seg, bias_seg = transferred or (
        head.conv.weight,
        head.conv.bias,
        head.conv_seg.weight,
        head.conv_seg.bias,
    )
    return FoldedHead(
        weight * factor[:, None, None, None],
        bias * factor + offset,
        weight_seg,
        bias_seg,
        factor,
    )


class FoldedHeads(nn.Module):
    """Several heads joined into one.

    Args:
        heads (Sequence[FoldedHead]): M heads with C channels each.
    """

    def __init__(self, heads: Sequence[FoldedHead]) -> None:
        super().__init__()
        weights, biases, weights_seg, biases_seg, factors = zip(*heads)
        # Each head uses only its own channels.
        seg = torch.block_diag(*[weight.flatten(1) for weight in weights_seg])
        for name, value in (
            ('weight', torch.cat(weights)),
            ('bias', torch.cat(biases)),
            ('weight_seg', seg[..., None, None]),
            ('bias_seg', torch.cat(biases_seg)),
            ('factor', torch.cat(factors)),
        ):
            self.register_buffer(name, value.detach().clone())

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Compute the logits at the size of the first map.

        Args:
            feats (Sequence[Tensor]): Maps of shape (B, C_i, H_i, W_i), see
                :func:`conv_of_resized`.

        Returns:
            Tensor: Logits of the heads, shape (B, M, H_0, W_0).
        """
        hidden = conv_of_resized(feats, self.weight, self.bias).relu_()
        return F.conv2d(hidden, self.weight_seg, self.bias_seg)


class FoldedNetwork(nn.Module):
    """The folded backbone and the heads that a prediction needs.

    Args:
        backbone (nn.Module): Backbone of :func:`fold_backbone`.
        heads (FoldedHeads): The M heads.
        names (Sequence[str]): Names of the M heads.
        channels_last (bool): Whether features have the memory format
            ``channels_last``.
    """

    def __init__(
        self,
        backbone: nn.Module,
        heads: FoldedHeads,
        names: Sequence[str],
        channels_last: bool,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.heads = heads
        self.names = tuple(names)
        self.layout = torch.channels_last if channels_last else torch.contiguous_format

    def feats(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Compute the maps of the backbone, see :meth:`BoxCaseg.extract_feat`."""
        return tuple(self.backbone(inputs.contiguous(memory_format=self.layout)))

    def forward(self, inputs: Tensor) -> dict[str, Tensor]:
        """Compute the logits of each head at the input's size.

        Args:
            inputs (Tensor): Normalised crops, shape (B, 3, H, W).

        Returns:
            dict[str, Tensor]: Logits of shape (B, H, W) by the name of the
            head.
        """
        logits = F.interpolate(
            self.heads(self.feats(inputs)),
            tuple(inputs.shape[-2:]),
            mode='bilinear',
            align_corners=False,
        )
        return dict(zip(self.names, logits.unbind(1)))
