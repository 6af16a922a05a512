"""Predictors: models that make masks of the boxes of several photos at once."""

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
    """Interface of a model together with the steps that prepare a photo.

    Attributes:
        batch_size (int): Number of images that go through the network
            together.
        options (PredictOptions): Options of the prediction.
    """

    batch_size: int
    options: PredictOptions

    def decode(self, content: bytes) -> np.ndarray | None:
        """Decode a photo.

        Args:
            content (bytes): Content of the file.

        Returns:
            np.ndarray | None: The photo, BGR, uint8, shape (H, W, 3); None if
            it can't be decoded.
        """
        ...

    def prepare(self, image: np.ndarray, boxes: np.ndarray) -> Any:
        """Prepare an image and its boxes for :meth:`predict`.

        Args:
            image (np.ndarray): The image, BGR, uint8, shape (H, W, 3).
            boxes (np.ndarray): (N, 4) float64, xyxy, in pixels of the image.

        Returns:
            Any: An item for :meth:`predict`.
        """
        ...

    def predict(
        self, items: Sequence[Any], options: PredictOptions
    ) -> Iterator[BoxMasks]:
        """Predict the masks of several images in one batch.

        Args:
            items (Sequence): Results of :meth:`prepare`.
            options (PredictOptions): Options of the prediction.

        Yields:
            BoxMasks: The masks of an image, in the order of the items.
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
        """Decode a photo, see :class:`Predictor`."""
        return decode_eight_bits(content, self._steps.stretch_16bit)[0]

    def prepare(self, image: np.ndarray, boxes: np.ndarray) -> BoxCrops:
        """Crop the boxes of an image, see :class:`Predictor`."""
        return self._steps.crop(image, boxes)

    def predict(
        self, items: Sequence[BoxCrops], options: PredictOptions
    ) -> Iterator[BoxMasks]:
        """Predict the masks of several images, see :class:`Predictor`."""
        return predict(self._network, items, options)


def predict(
    network: Network, images: Sequence[BoxCrops], options: PredictOptions
) -> Iterator[BoxMasks]:
    """Predict the masks of several images, whose crops are batched together.

    Args:
        network (Network): The network.
        images (Sequence[BoxCrops]): The crops of each image.
        options (PredictOptions): Options of the prediction.

    Yields:
        BoxMasks: The masks of an image, in the order of the images.
    """
    found = predict_probs(network, images, options)
    for image, probs in zip(images, found):
        yield box_masks(iter(probs), image.rects, image.windows, options)


def predict_probs(
    network: Network, images: Sequence[BoxCrops], options: PredictOptions
) -> Iterator[list[np.ndarray]]:
    """Predict the probabilities of the crops of several images, in batches.

    Args:
        network (Network): The network.
        images (Sequence[BoxCrops]): The crops of each image.
        options (PredictOptions): Options of the prediction, of which
            ``crops_per_batch`` and ``flip`` are used.

    Yields:
        list[np.ndarray]: Probabilities of the crops of an image, float32, in
        [0, 1], shape (S, S) each, in the order of the images.
    """
    if not images:
        return
    crops = np.concatenate([image.crops for image in images])
    probs = crop_probs(network, crops.transpose(0, 3, 1, 2), options)
    for image in images:
        yield list(islice(probs, len(image.crops)))
