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
    """Mask R-CNN's mask head with shapes beside the RoI features.

    A shape (see :class:`ShapePropHead`) goes through ReLU, is divided by its
    maximum plus 1e-5, encoded by four convolutions and put beside the RoI
    features. The masks are class-agnostic; only valid ones are learnt from,
    as :class:`ProxyFCNMaskHead` does.

    Args:
        in_channels (int): Channels of the RoI features. Defaults to 256.
        conv_out_channels (int): Channels of all layers. Defaults to 256.
        class_agnostic (bool): Defaults to True.
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
        """Put shapes beside features.

        Args:
            feats (Tensor): Features of R RoIs, (R, in_channels, h, w).
            shapes (Tensor): Logits of their shapes, (R, h', w').

        Returns:
            Tensor: (R, in_channels + conv_out_channels, h, w).
        """
        shapes = shapes.relu()
        # Every shape has a cell; there may be no RoI.
        highest = shapes.amax(dim=(1, 2), keepdim=True)
        encoded = self.shape_encoder((shapes / (highest + EPS))[:, None])
        if encoded.shape[2:] != feats.shape[2:]:
            encoded = F.interpolate(encoded, feats.shape[2:], mode='bilinear')
        return torch.cat([feats, encoded], dim=1)

    def forward(self, feats: Tensor, shapes: Tensor) -> Tensor:
        """Mask logits of RoIs.

        Args:
            feats (Tensor): As of :meth:`fuse`.
            shapes (Tensor): The same.

        Returns:
            Tensor: (R, 1, 2 h, 2 w), or one channel a class without
            ``class_agnostic``.
        """
        return super().forward(self.fuse(feats, shapes))
