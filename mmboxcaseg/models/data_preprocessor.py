"""Normalisation of patches in training and of crops in prediction."""

from typing import Any

import torch
from mmengine.model import ImgDataPreprocessor
from torch import Tensor

from mmboxcaseg.registry import MODELS


@MODELS.register_module()
class BoxCasegDataPreprocessor(ImgDataPreprocessor):
    """Data preprocessor of BoxCaseg.

    In training, a list of uint8 patches (3, H, W) becomes a normalised batch
    (B, 3, H, W). In prediction, the inputs are a list with the crops of each
    image, uint8 (N_i, 3, S, S). They are not changed; the model calls
    :meth:`normalize` on as many crops as the network takes at once, so the
    crops of an image with a thousand boxes are never all floats in memory.

    Args:
        **kwargs: ``mean``, ``std`` and ``bgr_to_rgb``, see
            :class:`mmengine.model.ImgDataPreprocessor`.
    """

    def forward(self, data: dict, training: bool = False) -> dict[str, Any]:
        """Prepare a batch of the data loader.

        Args:
            data (dict): ``inputs`` and ``data_samples``, lists as
                :func:`mmengine.dataset.pseudo_collate` makes them.
            training (bool): Whether the batch is for training. Defaults to
                False.

        Returns:
            dict: ``inputs``, in training a tensor, and ``data_samples``.
        """
        if not training:
            # Copies of the samples, since predictions are stored in them.
            return dict(data, data_samples=self.cast_data(data['data_samples']))
        data = self.cast_data(data)
        data['inputs'] = self.normalize(torch.stack(data['inputs']))
        return data

    def normalize(self, patches: Tensor) -> Tensor:
        """Convert the channel order, and normalise by mean and deviation.

        Args:
            patches (Tensor): Patches or crops in the loader's channel order
                (BGR), uint8, shape (N, 3, H, W).

        Returns:
            Tensor: Normalised patches, float32, shape (N, 3, H, W).
        """
        if self._channel_conversion:
            patches = patches[:, [2, 1, 0]]
        patches = patches.float()
        if self._enable_normalize:
            patches = (patches - self.mean) / self.std
        return patches

    def to_rgb(self, patches: Tensor) -> Tensor:
        """Undo :meth:`normalize`, with RGB as the result.

        Args:
            patches (Tensor): Normalised patches, shape (N, 3, H, W).

        Returns:
            Tensor: Patches as RGB, in [0, 255], float32, shape (N, 3, H, W).
        """
        patches = patches.float()
        if self._enable_normalize:
            patches = patches * self.std + self.mean
        return patches if self._channel_conversion else patches.flip(1)
