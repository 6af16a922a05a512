"""Masks of the boxes of some photos, as the inferencer needs them."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Protocol

import numpy as np

from mmboxcaseg.decoding import decode_eight_bits

from .box_masks import BoxMasks, box_masks
from .crops import BoxCrops
from .network import Network, crop_probs
from .onnx_model import OnnxModel
from .options import PredictOptions


class Predictor(Protocol):
    """A model with what its config does to a photo before it.

    Attributes:
        batch_size (int): Images that go through the network together.
        options (PredictOptions): How masks are made.
    """

    batch_size: int
    options: PredictOptions

    def decode(self, content: bytes) -> np.ndarray | None:
        """Decode a photo.

        Args:
            content (bytes): Content of the file.

        Returns:
            np.ndarray | None: (H, W, 3) uint8, BGR; None if it can't be
            decoded.
        """
        ...

    def prepare(self, image: np.ndarray, boxes: np.ndarray) -> Any:
        """An image with its boxes, as :meth:`predict` takes it.

        Args:
            image (np.ndarray): (H, W, 3) uint8, BGR.
            boxes (np.ndarray): (N, 4) float64, xyxy, in pixels of the image.

        Returns:
            Any: An item of :meth:`predict`.
        """
        ...

    def predict(
        self, items: Sequence[Any], options: PredictOptions
    ) -> Iterator[BoxMasks]:
        """Masks of the boxes of some images, in one batch.

        Args:
            items (Sequence): What :meth:`prepare` has returned.
            options (PredictOptions): How masks are made.

        Yields:
            BoxMasks: The masks of an image, image after image.
        """
        ...


class OnnxPredictor:
    """An exported model as a :class:`Predictor`.

    Args:
        model (OnnxModel): The model.
    """

    def __init__(self, model: OnnxModel) -> None:
        self._network = model.network
        self._steps = model.card.steps
        self.batch_size = model.card.images_per_batch
        self.options = model.card.options

    def decode(self, content: bytes) -> np.ndarray | None:
        """As in :class:`Predictor`."""
        return decode_eight_bits(content, self._steps.stretch_16bit)[0]

    def prepare(self, image: np.ndarray, boxes: np.ndarray) -> BoxCrops:
        """As in :class:`Predictor`."""
        return self._steps.crop(image, boxes)

    def predict(
        self, items: Sequence[BoxCrops], options: PredictOptions
    ) -> Iterator[BoxMasks]:
        """As in :class:`Predictor`."""
        return predict(self._network, items, options)


def predict(
    network: Network, images: Sequence[BoxCrops], options: PredictOptions
) -> Iterator[BoxMasks]:
    """Masks of the boxes of some images, whose crops are batched together.

    Args:
        network (Network): The network.
        images (Sequence[BoxCrops]): The crops of each image.
        options (PredictOptions): How masks are made.

    Yields:
        BoxMasks: The masks of an image, image after image.
    """
    found = predict_probs(network, images, options)
    for image, probs in zip(images, found):
        yield box_masks(iter(probs), image.rects, image.windows, options)


def predict_probs(
    network: Network, images: Sequence[BoxCrops], options: PredictOptions
) -> Iterator[list[np.ndarray]]:
    """What the network says of the crops of some images, batched together.

    Args:
        network (Network): The network.
        images (Sequence[BoxCrops]): The crops of each image.
        options (PredictOptions): ``crops_per_batch`` and ``flip`` matter here.

    Yields:
        list[np.ndarray]: Probabilities of the crops of an image, float32, in
        [0, 1], shape (S, S) each, image after image.
    """
    if not images:
        return
    crops = np.concatenate([image.crops for image in images])
    probs = crop_probs(network, crops.transpose(0, 3, 1, 2), options)
    for image in images:
        yield list(islice(probs, len(image.crops)))
