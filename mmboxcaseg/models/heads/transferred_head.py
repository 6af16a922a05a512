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
    """Predicts the weights of a convolution from those of another one.

    A two-layer MLP with LeakyReLU maps each output filter (in_channels * kh *
    kw numbers) separately. The bias b becomes k * b + c, with two learnt
    scalars. The input is detached, so no gradient reaches the convolution
    that the weights come from.

    Args:
        filter_size (int): Number of weights of an output filter.
        hidden_ratio (int): Width of the hidden layer divided by
            ``filter_size``. Defaults to 4.
        negative_slope (float): Slope of the LeakyReLU below 0. Defaults to
            0.1.
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
        """Transfer a convolution.

        Args:
            weight (Tensor): Weight of the convolution, shape
                (out, in, kh, kw).
            bias (Tensor): Bias of the convolution, shape (out,).

        Returns:
            tuple[Tensor, Tensor]: Weight and bias of the same shapes.
        """
        filters = weight.detach().flatten(1)
        hidden = F.leaky_relu(self.fc1(filters), self.negative_slope)
        return (self.fc2(hidden).view_as(weight), self.k * bias.detach() + self.c)


@MODELS.register_module()
class TransferredHead(BaseModule):
    """A head whose convolutions are transferred from the weak head.

    It has the architecture of :class:`SegmentationHead` and its own
    normalisation layer, but no convolution weights.

    Args:
        in_channels (int): Number of channels of all input maps together, as
            in the weak head.
        channels (int, optional): Number of channels of the hidden map, as in
            the weak head. Defaults to None: ``in_channels``, as in the paper.
        norm_cfg (dict): Config of the normalisation layer. Defaults to ``BN``
            with momentum 0.01.
        hidden_ratio (int): See :class:`WeightTransfer`. Defaults to 4.
        negative_slope (float): See :class:`WeightTransfer`. Defaults to 0.1.
        init_cfg (dict, optional): Initialisation. Defaults to None.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int | None = None,
        norm_cfg: dict = dict(type='BN', momentum=0.01),
        hidden_ratio: int = 4,
        negative_slope: float = 0.1,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.in_channels = in_channels
        self.channels = in_channels if channels is None else channels
        self.transfer_conv = WeightTransfer(in_channels, hidden_ratio, negative_slope)
        self.transfer_conv_seg = WeightTransfer(
            self.channels, hidden_ratio, negative_slope
        )
        self.norm = build_norm_layer(norm_cfg, self.channels)[1]
        self.relu = nn.ReLU(inplace=True)

    def transfer(self, weak_head: SegmentationHead) -> tuple[Tensor, ...]:
        """Predict the weights of both convolutions from those of the weak head.

        Args:
            weak_head (SegmentationHead): The weak head. No gradient reaches
                its weights.

        Returns:
            tuple[Tensor, ...]: Weight (K, C, 1, 1) and bias (K,) of the first
            convolution, weight (1, K, 1, 1) and bias (1,) of the second.
        """
        return (
            *self.transfer_conv(weak_head.conv.weight, weak_head.conv.bias),
            *self.transfer_conv_seg(weak_head.conv_seg.weight, weak_head.conv_seg.bias),
        )

    def forward(self, feats: Sequence[Tensor], weights: tuple[Tensor, ...]) -> Tensor:
        """Compute the logits at the size of the first map.

        Args:
            feats (Sequence[Tensor]): Maps of shape (B, C_i, H_i, W_i), see
                :func:`conv_of_resized`.
            weights (tuple[Tensor, ...]): Weights of :meth:`transfer`.

        Returns:
            Tensor: Logits, shape (B, 1, H_0, W_0).
        """
        weight, bias, weight_seg, bias_seg = weights
        x = self.relu(self.norm(conv_of_resized(feats, weight, bias)))
        return F.conv2d(x, weight_seg, bias_seg)


@MODELS.register_module()
class ProducedHead(SegmentationHead):
    """A transferred head whose weights have been produced and stored.

    It is for prediction only. A model with it needs neither the weight
    transfer, which is the larger part of a small model, nor the weak head.
    The arguments are those of :class:`SegmentationHead`.
    """

    def transfer(self, weak_head: SegmentationHead | None) -> tuple:
        """Return no weights: the head has its own."""
        return ()

    def forward(self, feats: Sequence[Tensor], weights: tuple = ()) -> Tensor:
        """Compute the logits at the size of the first map.

        Args:
            feats (Sequence[Tensor]): Maps of shape (B, C_i, H_i, W_i), see
                :func:`conv_of_resized`.
            weights (tuple): Not used.

        Returns:
            Tensor: Logits, shape (B, 1, H_0, W_0).
        """
        return super().forward(feats)
