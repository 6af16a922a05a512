"""Normalisation of training patches and of crops at prediction."""

from typing import Any

import torch
from mmengine.model import ImgDataPreprocessor
from torch import Tensor

from mmboxcaseg.registry import MODELS


@MODELS.register_module()
class BoxCasegDataPreprocessor(ImgDataPreprocessor):
    """Patches of one size in training, crops by the image at prediction.

    In training, a list of uint8 patches (3, H, W) becomes a normalised batch
    (B, 3, H, W). At prediction the inputs are a list with the crops of one
    image each, uint8 (N_i, 3, S, S); they stay where they are, and
    :meth:`normalize` is called on as many as the network takes at once, so
    that an image with a thousand boxes never stands in memory as floats.

    Args:
        **kwargs: ``mean``, ``std``, ``bgr_to_rgb``; see
            :class:`mmengine.model.ImgDataPreprocessor`.
    """

    def forward(self, data: dict, training: bool = False) -> dict[str, Any]:
        """Prepare a batch of the data loader.

        Args:
            data (dict): ``inputs`` and ``data_samples``, lists as
                :func:`mmengine.dataset.pseudo_collate` makes them.
            training (bool): Which of the two forms. Defaults to False.

        Returns:
            dict: ``inputs`` and ``data_samples``.
        """
        if not training:
            # Copies of the samples, as the predictions are put into them.
            return dict(data, data_samples=self.cast_data(data['data_samples']))
        data = self.cast_data(data)
        data['inputs'] = self.normalize(torch.stack(data['inputs']))
        return data

    def normalize(self, patches: Tensor) -> Tensor:
        """Channel order, mean and standard deviation.

        Args:
            patches (Tensor): uint8 in the loader's channel order (BGR),
                shape (N, 3, H, W).

        Returns:
            Tensor: float32, shape (N, 3, H, W).
        """
        if self._channel_conversion:
            patches = patches[:, [2, 1, 0]]
        patches = patches.float()
        if self._enable_normalize:
            patches = (patches - self.mean) / self.std
        return patches

    def to_rgb(self, patches: Tensor) -> Tensor:
        """The patches that :meth:`normalize` was given, as RGB.

        Args:
            patches (Tensor): What it returned, shape (N, 3, H, W).

        Returns:
            Tensor: float32, in [0, 255], shape (N, 3, H, W).
        """
        patches = patches.float()
        if self._enable_normalize:
            patches = patches * self.std + self.mean
        return patches if self._channel_conversion else patches.flip(1)
