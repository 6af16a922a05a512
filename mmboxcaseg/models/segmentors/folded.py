"""The network as it predicts: as few operations as give the same masks.

In evaluation mode a batch normalisation is a factor and an offset for each
channel, which the convolution before it takes over. The first convolutions of
the heads that a prediction needs become one, so that the maps are resized once
for all of them, and so are their logits.
"""

import copy
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

from ..heads import SegmentationHead, TransferredHead, conv_of_resized

# What folding may change of a map, relative to its largest value: rounding.
TOLERANCE = 1e-3
Weights = tuple[Tensor, ...]


def fold_backbone(backbone: nn.Module, sample: Tensor) -> nn.Module:
    """A copy of a backbone whose convolutions have taken over the norms.

    Which convolution a norm follows is told by the order in which a module
    lists them, so the copy is compared with the backbone.

    Args:
        backbone (nn.Module): In evaluation mode.
        sample (Tensor): What to compare them on, shape (B, 3, H, W).

    Returns:
        nn.Module: The copy; the backbone itself if they differ.
    """
    folded = copy.deepcopy(backbone)
    # Not by a call, which would run hooks.
    expected = [x.clone() for x in folded.forward(sample)]
    _fold_norms(folded)
    same = all(
        (x - y).abs().max() <= TOLERANCE * x.abs().max()
        for x, y in zip(expected, folded.forward(sample))
    )
    return folded if same else backbone


def _fold_norms(module: nn.Module) -> None:
    """Have convolutions take over the norms right behind them, in place.

    They get the buffer ``factor``, by which their weights were multiplied.
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
            setattr(module, name, nn.Identity())
        elif not isinstance(child, nn.Conv2d):
            _fold_norms(child)
        conv = child if isinstance(child, nn.Conv2d) else None


def scale_of(norm: nn.Module) -> tuple[Tensor, Tensor] | None:
    """What a batch normalisation does in evaluation mode.

    Args:
        norm (nn.Module): Any module.

    Returns:
        tuple[Tensor, Tensor] | None: Factor and offset of each channel,
        (C, ); None if it is another module or has no statistics.
    """
    if not isinstance(norm, _BatchNorm) or norm.running_mean is None:
        return None
    factor = torch.rsqrt(norm.running_var + norm.eps)
    if not norm.affine:
        return factor, -norm.running_mean * factor
    factor = (factor * norm.weight).detach()
    return factor, (norm.bias - norm.running_mean * factor).detach()


class FoldedHead(NamedTuple):
    """The two convolutions of a head, the first with its norm.

    Attributes:
        weight (Tensor): (C, C, 1, 1).
        bias (Tensor): (C, ).
        weight_seg (Tensor): (1, C, 1, 1).
        bias_seg (Tensor): (1, ).
        factor (Tensor): (C, ), by which the norm has multiplied the weight.
    """

    weight: Tensor
    bias: Tensor
    weight_seg: Tensor
    bias_seg: Tensor
    factor: Tensor


def fold_head(
    head: SegmentationHead | TransferredHead, transferred: Weights | None = None
) -> FoldedHead | None:
    """A head whose first convolution has taken over its norm.

    Args:
        head (SegmentationHead | TransferredHead): In evaluation mode.
        transferred (tuple[Tensor, ...], optional): Weights of a transferred
            head, see :meth:`TransferredHead.transfer`. Defaults to None: the
            head has its own.

    Returns:
        FoldedHead | None: None if the head has another norm than batch
        normalisation with statistics.
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
    """Several heads as one.

    Args:
        heads (Sequence[FoldedHead]): M heads of C channels.
    """

    def __init__(self, heads: Sequence[FoldedHead]) -> None:
        super().__init__()
        weights, biases, weights_seg, biases_seg, factors = zip(*heads)
        # Each head looks at its own channels only.
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
        """Logits at the first map's resolution.

        Args:
            feats (Sequence[Tensor]): Maps of shape (B, C_i, H_i, W_i), see
                :func:`conv_of_resized`.

        Returns:
            Tensor: Shape (B, M, H_0, W_0).
        """
        hidden = conv_of_resized(feats, self.weight, self.bias).relu_()
        return F.conv2d(hidden, self.weight_seg, self.bias_seg)


class FoldedNetwork(nn.Module):
    """Backbone and heads of a BoxCaseg for one kind of prediction.

    Args:
        backbone (nn.Module): What :func:`fold_backbone` returned.
        heads (FoldedHeads): The heads.
        names (Sequence[str]): Their names.
        channels_last (bool): See :class:`BoxCaseg`.
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
        """The maps of the backbone, see :meth:`BoxCaseg.extract_feat`."""
        return tuple(self.backbone(inputs.contiguous(memory_format=self.layout)))

    def forward(self, inputs: Tensor) -> dict[str, Tensor]:
        """Logits at the input's size.

        Args:
            inputs (Tensor): Normalised crops, shape (B, 3, H, W).

        Returns:
            dict[str, Tensor]: Shape (B, H, W) each, by the name of the head.
        """
        logits = F.interpolate(
            self.heads(self.feats(inputs)),
            tuple(inputs.shape[-2:]),
            mode='bilinear',
            align_corners=False,
        )
        return dict(zip(self.names, logits.unbind(1)))
