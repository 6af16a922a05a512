"""Normalisation of patches in training and of crops in prediction."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.model import ImgDataPreprocessor
from mmseg.structures import SegDataSample
from torch import Tensor

from mmboxcaseg.prediction.other_boxes import COLOURS
from mmboxcaseg.registry import MODELS

from .supervision import masked_samples


@MODELS.register_module()
class BoxCasegDataPreprocessor(ImgDataPreprocessor):
    """Data preprocessor of BoxCaseg.

    In training, a list of uint8 patches (C, H, W) becomes a normalised batch
    (B, C, H, W). In prediction, the inputs are a list with the crops of each
    image, uint8 (N_i, C, S, S). They are not changed; the model calls
    :meth:`normalize` on as many crops as the network takes at once, so the
    crops of an image with a thousand boxes are never all floats in memory.

    Args:
        mask_std (Sequence[float], optional): Standard deviation that training
            patches with a mask are divided by, while box patches and the crops
            in prediction are divided by ``std``. The authors' release divides
            only salient images, which gives them four times the contrast of box
            images. Defaults to None: ``std`` for all patches.
        **kwargs: ``mean``, ``std`` and ``bgr_to_rgb``, see
            :class:`mmengine.model.ImgDataPreprocessor`.
    """

    def __init__(self, mask_std: Sequence[float] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_std = mask_std
        if mask_std is not None:
            if not self._enable_normalize:
                raise ValueError(
                    'BoxCasegDataPreprocessor: mask_std needs mean and std too'
                )
            # What patches with a mask are multiplied by after the division by std.
            gain = self.std / torch.tensor(mask_std, dtype=torch.float32).view(-1, 1, 1)
            self.register_buffer('mask_gain', gain, persistent=False)

    def forward(self, data: dict, training: bool = False) -> dict[str, Any]:
        """Prepare a batch of the data loader.

        Args:
            data (dict): ``inputs`` and ``data_samples``, lists as
                :func:`mmengine.dataset.pseudo_collate` makes them.
            training (bool): Whether the batch is for training. Defaults to
                False.

        Returns:
            dict: ``inputs``, in training a tensor, and ``data_samples``.

        Raises:
            ValueError: If training patches have different numbers of channels.
        """
        if not training:
            # Copies of the samples, since predictions are stored in them.
            return dict(data, data_samples=self.cast_data(data['data_samples']))
        data = self.cast_data(data)
        channels = {len(patch) for patch in data['inputs']}
        if len(channels) > 1:
            raise ValueError(
                f'some patches of the batch have {min(channels)} channels and others '
                f'{max(channels)}; other_boxes must be the same in the pipelines of '
                'box and salient'
            )
        data['inputs'] = self.normalize(torch.stack(data['inputs']))
        if self.mask_std is not None:
            masked = masked_samples(data['data_samples'])
            data['inputs'][masked, :COLOURS] *= self.mask_gain
        return data

    def normalize(self, patches: Tensor) -> Tensor:
        """Convert the channel order, and normalise by mean and deviation.

        Args:
            patches (Tensor): Patches or crops in the loader's channel order
                (BGR), uint8, shape (N, C, H, W). C is 3, or 5 with maps of
                other boxes, which become 0 or 1.

        Returns:
            Tensor: Normalised patches, float32, shape (N, C, H, W).
        """
        if patches.shape[1] > COLOURS:
            colours = self.normalize(patches[:, :COLOURS])
            return torch.cat([colours, patches[:, COLOURS:].float() / 255], 1)
        if self._channel_conversion:
            patches = patches[:, [2, 1, 0]]
        patches = patches.float()
        if self._enable_normalize:
            patches = (patches - self.mean) / self.std
        return patches

    def to_rgb(self, patches: Tensor, samples: Sequence[SegDataSample]) -> Tensor:
        """Undo the normalisation of training patches, with RGB as the result.

        Args:
            patches (Tensor): Normalised patches, shape (N, C, H, W).
            samples (Sequence[SegDataSample]): Their N data samples.

        Returns:
            Tensor: Patches as RGB, in [0, 255], float32, shape (N, 3, H, W).

        Raises:
            ValueError: If ``mask_std`` is set and a sample lacks
                ``supervision``.
        """
        patches = patches[:, :COLOURS].float()
        if self.mask_std is not None:
            masked = masked_samples(samples).to(patches.device)
            gain = torch.where(masked[:, None, None, None], self.mask_gain, 1.0)
            patches = patches / gain
        if self._enable_normalize:
            patches = patches * self.std + self.mean
        return patches if self._channel_conversion else patches.flip(1)
