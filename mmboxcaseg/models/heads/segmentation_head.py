"""The head that all three tasks of BoxCaseg share (the paper, Fig. 4)."""

from collections.abc import Sequence

from mmcv.cnn import build_norm_layer
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmboxcaseg.registry import MODELS

from .resized_conv import conv_of_resized


@MODELS.register_module()
class SegmentationHead(BaseModule):
    """1x1 convolution, normalisation, ReLU, 1x1 convolution to one channel.

    Both convolutions have a bias, as in the authors' network. The weight
    transfer needs both.

    Args:
        in_channels (int): Number of channels of all input maps together.
        channels (int, optional): Number of channels of the hidden map. With
            fewer the head is faster. Defaults to None: ``in_channels``, as in
            the paper.
        norm_cfg (dict): Config of the normalisation layer. Defaults to ``BN``
            with momentum 0.01, as in HRNet.
        init_cfg (dict, optional): Initialisation. Defaults to None: that of
            PyTorch for convolutions.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int | None = None,
        norm_cfg: dict = dict(type='BN', momentum=0.01),
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.in_channels = in_channels
        self.channels = in_channels if channels is None else channels
        self.conv = nn.Conv2d(in_channels, self.channels, 1)
        self.norm = build_norm_layer(norm_cfg, self.channels)[1]
        self.relu = nn.ReLU(inplace=True)
        self.conv_seg = nn.Conv2d(self.channels, 1, 1)

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Compute the logits at the size of the first map.

        Args:
            feats (Sequence[Tensor]): Maps of shape (B, C_i, H_i, W_i), see
                :func:`conv_of_resized`.

        Returns:
            Tensor: Logits, shape (B, 1, H_0, W_0).
        """
        x = conv_of_resized(feats, self.conv.weight, self.conv.bias)
        return self.conv_seg(self.relu(self.norm(x)))
