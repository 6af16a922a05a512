"""Neck of BoxCaseg: multi-scale features become one map."""
from typing import Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor
from torch.nn import functional as F

from mmboxcaseg.registry import MODELS


@MODELS.register_module()
class ResizeConcat(BaseModule):
    """Resize all maps to the first one's size and concatenate them.

    The three heads share the result, so it is computed once.

    Args:
        align_corners (bool): As in :func:`torch.nn.functional.interpolate`.
            Defaults to False.
    """

    def __init__(self, align_corners: bool = False) -> None:
        super().__init__()
        self.align_corners = align_corners

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Concatenate.

        Args:
            inputs (Sequence[Tensor]): Maps of shape (B, C_i, H_i, W_i), the
                largest first. HRNetV2-W48 gives 48, 96, 192 and 384
                channels at strides 4, 8, 16 and 32.

        Returns:
            Tensor: Shape (B, sum of C_i, H_0, W_0).
        """
        size = inputs[0].shape[-2:]
        return torch.cat([
            inputs[0], *(F.interpolate(
                x, size, mode='bilinear', align_corners=self.align_corners)
                         for x in inputs[1:])
        ],
                         dim=1)
