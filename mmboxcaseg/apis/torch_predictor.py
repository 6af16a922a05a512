"""Masks of the boxes of some photos by PyTorch, as the inferencer needs them."""

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
    """The pipeline of a config's ``test_dataloader`` and its model.

    See :class:`~mmboxcaseg.prediction.predictor.Predictor`.

    Args:
        model (str | Config): Config of a BoxCaseg model, or its path.
        weights (str): Path of its checkpoint.
        device (str, optional): None: a GPU if there is one.
        allow_unsafe (bool): See :func:`init_model`.

    Attributes:
        model (BoxCaseg): The model.
        batch_size (int): Images that go through the network together.
        options (PredictOptions): How masks are made.

    Raises:
        FileNotFoundError: If a file doesn't exist.
        ValueError: If the config doesn't test on box prompts, or the
            checkpoint is not of this model.
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
                f'{dataset.get("type")!r}; masks are made from boxes by a '
                'config that tests on a BoxPromptDataset'
            )
        # Whatever scope another library has set in this process.
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
        """Decode a photo as the first step of the pipeline does."""
        return self._load.decode(content)

    def prepare(self, image: np.ndarray, boxes: np.ndarray) -> dict[str, Any]:
        """An image with its boxes, as :meth:`predict` takes it."""
        size = image.shape[:2]
        return self._prepare(
            dict(img=image, img_shape=size, ori_shape=size, boxes=boxes)
        )

    @torch.no_grad()
    def predict(
        self, items: Sequence[dict[str, Any]], options: PredictOptions
    ) -> Iterator[BoxMasks]:
        """Masks of the boxes of some images, in one batch."""
        samples = self.model.test_step(pseudo_collate(list(items)), options)
        return (masks_of(sample.pred_instances) for sample in samples)
