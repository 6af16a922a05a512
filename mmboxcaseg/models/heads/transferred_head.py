"""The transferred head and its weight transfer (the paper, Sec. 3.3.2)."""

from collections.abc import Sequence

import torch
from mmcv.cnn import build_norm_layer
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn import functional as F

from mmboxcaseg.registry import MODELS

from .resized_conv import conv_of_resized
from .segmentation_head import SegmentationHead


class WeightTransfer(BaseModule):
    """Weights of a convolution from those of another one.

    A two-layer MLP with LeakyReLU maps every output filter (its row of
    in_channels * kh * kw numbers) by itself; the bias b becomes k * b + c
    with two learnt scalars. What comes in is detached: nothing flows back
    to the convolution that the weights come from.

    Args:
        filter_size (int): Numbers in one output filter.
        hidden_ratio (int): Hidden width over ``filter_size``. Defaults to 4.
        negative_slope (float): Slope of the LeakyReLU. Defaults to 0.1.
    """

    def __init__(
        self, filter_size: int, hidden_ratio: int = 4, negative_slope: float = 0.1
    ) -> None:
        super().__init__()
        self.fc1 = nn.Linear(filter_size, hidden_ratio * filter_size)
        self.fc2 = nn.Linear(hidden_ratio * filter_size, filter_size)
        self.k = nn.Parameter(torch.ones(1))
        self.c = nn.Parameter(torch.zeros(1))
        self.negative_slope = negative_slope

    def forward(self, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """Transfer one convolution.

        Args:
            weight (Tensor): Shape (out, in, kh, kw).
            bias (Tensor): Shape (out, ).

        Returns:
            tuple[Tensor, Tensor]: Weight and bias of the same shapes.
        """
        filters = weight.detach().flatten(1)
        hidden = F.leaky_relu(self.fc1(filters), self.negative_slope)
        return (self.fc2(hidden).view_as(weight), self.k * bias.detach() + self.c)


@MODELS.register_module()
class TransferredHead(BaseModule):
    """A head whose convolutions are transferred from the weak head.

    It has the architecture of :class:`SegmentationHead` and a normalisation
    layer of its own, but no convolution weights.

    Args:
        in_channels (int): Channels of all input maps together, as the weak
            head's.
        norm_cfg (dict): Normalisation layer. Defaults to ``BN`` with
            momentum 0.01.
        hidden_ratio (int): See :class:`WeightTransfer`. Defaults to 4.
        negative_slope (float): See :class:`WeightTransfer`. Defaults to 0.1.
        init_cfg (dict, optional): Initialisation. Defaults to None.
    """

    def __init__(
        self,
        in_channels: int,
        norm_cfg: dict = dict(type='BN', momentum=0.01),
        hidden_ratio: int = 4,
        negative_slope: float = 0.1,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.in_channels = in_channels
        self.transfer_conv = WeightTransfer(in_channels, hidden_ratio, negative_slope)
        self.transfer_conv_seg = WeightTransfer(
            in_channels, hidden_ratio, negative_slope
        )
        self.norm = build_norm_layer(norm_cfg, in_channels)[1]
        self.relu = nn.ReLU(inplace=True)

    def transfer(self, weak_head: SegmentationHead) -> tuple[Tensor, ...]:
        """Weight and bias of both convolutions, from the weak head's.

        Args:
            weak_head (SegmentationHead): Its weights are detached.

        Returns:
            tuple[Tensor, ...]: Weight (C, C, 1, 1), bias (C, ), weight
            (1, C, 1, 1), bias (1, ).
        """
        return (
            *self.transfer_conv(weak_head.conv.weight, weak_head.conv.bias),
            *self.transfer_conv_seg(weak_head.conv_seg.weight, weak_head.conv_seg.bias),
        )

    def forward(self, feats: Sequence[Tensor], weights: tuple[Tensor, ...]) -> Tensor:
        """Logits at the first map's resolution.

        Args:
            feats (Sequence[Tensor]): Maps of shape (B, C_i, H_i, W_i), see
                :func:`conv_of_resized`.
            weights (tuple[Tensor, ...]): What :meth:`transfer` returned.

        Returns:
            Tensor: Shape (B, 1, H_0, W_0).
        """
        weight, bias, weight_seg, bias_seg = weights
        x = self.relu(self.norm(conv_of_resized(feats, weight, bias)))
        return F.conv2d(x, weight_seg, bias_seg)


@MODELS.register_module()
class ProducedHead(SegmentationHead):
    """A transferred head with the weights that were produced for it.

    For prediction only: the weight transfer, most of a small model, and the
    weak head are not needed any more. The arguments are those of
    :class:`SegmentationHead`.
    """

    def transfer(self, weak_head: SegmentationHead | None) -> tuple:
        """There is nothing left to transfer."""
        return ()

    def forward(self, feats: Sequence[Tensor], weights: tuple = ()) -> Tensor:
        """Logits at the first map's resolution.

        Args:
            feats (Sequence[Tensor]): Maps of shape (B, C_i, H_i, W_i), see
                :func:`conv_of_resized`.
            weights (tuple): Not used.

        Returns:
            Tensor: Shape (B, 1, H_0, W_0).
        """
        return super().forward(feats)
