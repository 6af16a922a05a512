"""The mask head of ShapeProp."""

import torch
import torch.nn.functional as F
from torch import Tensor

from mmboxcaseg.registry import MODELS

from ..conv_stack import conv_stack
from .proxy_fcn_mask_head import ProxyFCNMaskHead

EPS = 1e-5


@MODELS.register_module()
class ShapePropMaskHead(ProxyFCNMaskHead):
    """Mask R-CNN's mask head with shapes as further input.

    A shape (see :class:`ShapePropHead`) goes through ReLU, is divided by its
    maximum plus 1e-5, encoded by four convolutions and concatenated with the
    RoI features. Masks are class-agnostic. As in :class:`ProxyFCNMaskHead`,
    only valid masks are learnt from.

    Args:
        in_channels (int): Number of channels of the RoI features. Defaults to
            256.
        conv_out_channels (int): Number of channels of all layers. Defaults to
            256.
        class_agnostic (bool): Whether all classes share one mask channel.
            Defaults to True.
        **kwargs: Arguments of :class:`ProxyFCNMaskHead`.
    """

    def __init__(
        self,
        *,
        in_channels: int = 256,
        conv_out_channels: int = 256,
        class_agnostic: bool = True,
        **kwargs,
    ) -> None:
        super().__init__(
            in_channels=in_channels + conv_out_channels,
            conv_out_channels=conv_out_channels,
            class_agnostic=class_agnostic,
            **kwargs,
        )
        self.shape_encoder = conv_stack([1, *[conv_out_channels] * 4], last_relu=False)

    def fuse(self, feats: Tensor, shapes: Tensor) -> Tensor:
        """Concatenate features with encoded shapes.

        Args:
            feats (Tensor): Features of R RoIs, (R, in_channels, h, w).
            shapes (Tensor): Logits of the RoIs' shapes, (R, h', w').

        Returns:
            Tensor: The result, (R, in_channels + conv_out_channels, h, w).
        """
        shapes = shapes.relu()
        # Over the cells of each shape, which also works without any RoI.
        highest = shapes.amax(dim=(1, 2), keepdim=True)
        encoded = self.shape_encoder((shapes / (highest + EPS))[:, None])
        if encoded.shape[2:] != feats.shape[2:]:
            encoded = F.interpolate(encoded, feats.shape[2:], mode='bilinear')
        return torch.cat([feats, encoded], dim=1)

    def forward(self, feats: Tensor, shapes: Tensor) -> Tensor:
        """Compute the mask logits of RoIs.

        Args:
            feats (Tensor): Features of R RoIs, (R, in_channels, h, w).
            shapes (Tensor): Logits of the RoIs' shapes, (R, h', w').

        Returns:
            Tensor: Mask logits, (R, 1, 2 h, 2 w). Without ``class_agnostic``
            there is one channel for each class.
        """
        return super().forward(self.fuse(feats, shapes))
