"""The interface of a network: it takes crops and returns probabilities."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from .options import PredictOptions


class Network(Protocol):
    """Interface of a trained BoxCaseg, whatever runtime computes it."""

    def __call__(self, crops: np.ndarray) -> np.ndarray:
        """Compute the foreground probabilities of crops.

        Args:
            crops (np.ndarray): Crops, BGR, uint8, shape (B, C, S, S),
                contiguous.

        Returns:
            np.ndarray: Probabilities in [0, 1], float32, shape (B, S, S).
        """
        ...


def crop_probs(
    network: Network, crops: np.ndarray, options: PredictOptions
) -> Iterator[np.ndarray]:
    """Compute the foreground probabilities of crops in batches.

    Args:
        network (Network): The network.
        crops (np.ndarray): Crops, BGR, uint8, shape (K, C, S, S).
        options (PredictOptions): Options of the prediction, of which
            ``crops_per_batch`` and ``flip`` are used.

    Yields:
        np.ndarray: Probabilities of a crop, float32, in [0, 1], shape (S, S).
    """
    for start in range(0, len(crops), options.crops_per_batch):
        chunk = np.ascontiguousarray(crops[start : start + options.crops_per_batch])
        probs = network(chunk)
        if options.flip:
            mirrored = network(np.ascontiguousarray(chunk[..., ::-1]))
            probs = (probs + mirrored[..., ::-1]) / 2
        yield from probs
