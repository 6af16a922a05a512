"""What a network is to those who use it: crops in, probabilities out."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from .options import PredictOptions


class Network(Protocol):
    """A trained BoxCaseg, whatever computes it."""

    def __call__(self, crops: np.ndarray) -> np.ndarray:
        """Foreground probabilities.

        Args:
            crops (np.ndarray): uint8, BGR, shape (B, 3, S, S), contiguous.

        Returns:
            np.ndarray: float32, in [0, 1], shape (B, S, S).
        """
        ...


def crop_probs(
    network: Network, crops: np.ndarray, options: PredictOptions
) -> Iterator[np.ndarray]:
    """Probabilities crop after crop, a batch at a time.

    Args:
        network (Network): The network.
        crops (np.ndarray): uint8, BGR, shape (K, 3, S, S).
        options (PredictOptions): ``crops_per_batch`` and ``flip`` matter
            here.

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
