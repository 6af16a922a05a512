"""Predicting masks with PyTorch for the inferencer."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import DefaultScope

from mmboxcaseg.datasets.transforms import LoadPhoto
from mmboxcaseg.models.segmentors.crop_masks import masks_of
from mmboxcaseg.prediction import BoxMasks, PredictOptions
from mmboxcaseg.proxy_masks.settings import short_type
from mmboxcaseg.registry import TRANSFORMS

from .model import init_model


class TorchPredictor:
    """A :class:`~mmboxcaseg.prediction.predictor.Predictor` that uses PyTorch.

    It has the test pipeline of a config and its model.

    Args:
        model (str | Config): Config of a BoxCaseg, or its path.
        weights (str): Path of its checkpoint.
        device (str | None): Device, such as ``'cuda:1'``; None for a GPU if
            there is one.
        allow_unsafe (bool): Whether the checkpoint may contain more than
            weights, see :func:`~mmboxcaseg.apis.init_model`.

    Attributes:
        model (BoxCaseg): The model, in evaluation mode.
        batch_size (int): Number of images that go through the network
            together.
        options (PredictOptions): Settings of the prediction.

    Raises:
        FileNotFoundError: If a file does not exist.
        ValueError: If the config does not test on box prompts, or the
            checkpoint belongs to another model.
    """

    def __init__(
        self, model: str | Config, weights: str, device: str | None, allow_unsafe: bool
    ) -> None:
        cfg = model if isinstance(model, Config) else Config.fromfile(model)
        loader = cfg.get('test_dataloader', {})
        dataset = loader.get('dataset', {})
        if short_type(dataset) != 'BoxPromptDataset':
            raise ValueError(
                f'{cfg.filename}: test_dataloader.dataset.type is '
                f'{dataset.get("type")!r}; to make masks from boxes it must be '
                'BoxPromptDataset'
            )
        # Another library may have set another default scope in this process.
        with DefaultScope.overwrite_default_scope(
            cfg.get('default_scope', 'mmboxcaseg')
        ):
            load, *rest = (TRANSFORMS.build(step) for step in dataset['pipeline'])
        if not isinstance(load, LoadPhoto):
            raise ValueError(
                f'{cfg.filename}: the pipeline of test_dataloader.dataset '
                f'begins with {type(load).__name__}; it must begin with '
                'LoadImageFromFile'
            )
        self._load = load
        self._prepare = Compose(rest)
        self.batch_size = loader.get('batch_size', 1)
        self.model = init_model(cfg, weights, device, allow_unsafe=allow_unsafe)
        self.options = self.model.predict_options

    def decode(self, content: bytes) -> np.ndarray | None:
        """Decode a photo as the first transform of the pipeline does.

        Args:
            content (bytes): Content of the photo's file.

        Returns:
            np.ndarray | None: The photo in BGR, (H, W, 3) uint8; None if it
            can't be decoded.
        """
        return self._load.decode(content)

    def prepare(self, image: np.ndarray, boxes: np.ndarray) -> dict[str, Any]:
        """Apply the rest of the pipeline to an image and its boxes.

        Args:
            image (np.ndarray): Image in BGR, (H, W, 3) uint8.
            boxes (np.ndarray): Usable boxes as xyxy in pixels, (N, 4) float64.

        Returns:
            dict: An item for :meth:`predict`.
        """
        size = image.shape[:2]
        return self._prepare(
            dict(img=image, img_shape=size, ori_shape=size, boxes=boxes)
        )

    @torch.no_grad()
    def predict(
        self, items: Sequence[dict[str, Any]], options: PredictOptions
    ) -> Iterator[BoxMasks]:
        """Predict the masks of a batch of images.

        Args:
            items (Sequence[dict]): Items made by :meth:`prepare`.
            options (PredictOptions): Settings of the prediction.

        Returns:
            Iterator[BoxMasks]: The masks of each image.
        """
        samples = self.model.test_step(pseudo_collate(list(items)), options)
        return (masks_of(sample.pred_instances) for sample in samples)
