"""The network as it predicts: as few operations as give the same masks.

In evaluation mode a batch normalisation is a factor and an offset for each
channel, which the convolution before it takes over. The first convolutions of
the heads that a prediction needs become one, so that the maps are resized once
for all of them, and so are their logits.
"""

import copy
from collections.abc import Sequence

import torch
from mmcv.cnn import fuse_conv_bn
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

from ..heads import SegmentationHead, TransferredHead, conv_of_resized

# What folding may change of a map, relative to its largest value: rounding.
TOLERANCE = 1e-3
Weights = tuple[Tensor, ...]
Head = SegmentationHead | TransferredHead


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
    found = fuse_conv_bn(folded).forward(sample)
    same = all(
        (x - y).abs().max() <= TOLERANCE * x.abs().max()
        for x, y in zip(expected, found)
    )
    return folded if same else backbone


def fold_head(head: Head, transferred: Weights | None = None) -> Weights | None:
    """The two convolutions of a head, the first with its norm.

    Args:
        head (SegmentationHead | TransferredHead): In evaluation mode.
        transferred (tuple[Tensor, ...], optional): Weights of a transferred
            head, see :meth:`TransferredHead.transfer`. Defaults to None: the
            head has its own.

    Returns:
        tuple[Tensor, ...] | None: Weight (C, C, 1, 1), bias (C, ), weight
        (1, C, 1, 1), bias (1, ); None if the head has another norm than batch
        normalisation with statistics.
    """
    norm = head.norm
    if not isinstance(norm, _BatchNorm) or norm.running_mean is None:
        return None
    if transferred:
        weight, bias, weight_seg, bias_seg = transferred
    else:
        weight, bias = head.conv.weight, head.conv.bias
        weight_seg, bias_seg = head.conv_seg.weight, head.conv_seg.bias
    factor = torch.rsqrt(norm.running_var + norm.eps)
    offset = torch.zeros_like(factor)
    if norm.affine:
        factor, offset = factor * norm.weight, norm.bias
    return (
        weight * factor[:, None, None, None],
        (bias - norm.running_mean) * factor + offset,
        weight_seg,
        bias_seg,
    )


class FoldedHeads(nn.Module):
    """Several heads as one.

    Args:
        heads (Sequence[tuple[Tensor, ...]]): What :func:`fold_head` returned,
            for M heads of C channels.
    """

    def __init__(self, heads: Sequence[Weights]) -> None:
        super().__init__()
        weights, biases, weights_seg, biases_seg = zip(*heads)
        # Each head looks at its own channels only.
        seg = torch.block_diag(*[weight.flatten(1) for weight in weights_seg])
        for name, value in (
            ('weight', torch.cat(weights)),
            ('bias', torch.cat(biases)),
            ('weight_seg', seg[..., None, None]),
            ('bias_seg', torch.cat(biases_seg)),
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
