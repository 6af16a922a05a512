"""A runner whose workers fit into the available shared memory."""

import logging
import os
import random
from collections.abc import Sized
from typing import Any

import numpy as np
import torch
from mmengine.registry import DATASETS
from mmengine.runner import Runner
from torch.utils.data import DataLoader, Dataset

from mmboxcaseg.datasets.transforms import CropBoxes

from .shared_memory import (
    batch_bytes,
    fitting_workers,
    free_bytes,
    held,
    shared_collate,
    tensor_bytes,
    worker_error,
)

_log = logging.getLogger('mmboxcaseg')
# Time in seconds after which a batch is given up.
LONGEST_WAIT = 1800
# Number of items whose size is measured, and the factor by which others may be
# larger.
SAMPLES, MARGIN = 4, 1.25


class FittingRunner(Runner):
    """A ``Runner`` of mmengine that adapts its workers to the shared memory.

    A data loader gets at most as many workers as there is shared memory for.
    If these are fewer than in its config, a warning is logged. If shared
    memory is still too small, or a worker dies, there is an error instead of
    an endless wait.
    """

    WAYS_OUT = (
        'give more, for example with docker run --shm-size 2g, or use fewer '
        'workers: --cfg-options train_dataloader.num_workers=0'
    )

    # Bytes that the workers of other loaders of this run may take.
    _claimed = 0

    def build_dataloader(
        self,
        dataloader: DataLoader | dict,
        seed: int | None = None,
        diff_rank_seed: bool = False,
    ) -> DataLoader:
        """Build a data loader with as many workers as fit.

        Args:
            dataloader (DataLoader | dict): Data loader, or its config.
            seed (int, optional): Seed of the sampler. Defaults to None.
            diff_rank_seed (bool): Whether processes have different seeds.
                Defaults to False.

        Returns:
            DataLoader: The loader.
        """
        if isinstance(dataloader, dict):
            dataloader = self._fitted(dict(dataloader))
        return super().build_dataloader(dataloader, seed, diff_rank_seed)

    def _fitted(self, cfg: dict[str, Any]) -> dict[str, Any]:
        """The config of a loader with as many workers as fit."""
        asked = cfg.get('num_workers', 0)
        if not asked:
            return _without_workers(cfg)
        dataset = cfg['dataset']
        if isinstance(dataset, dict):
            dataset = DATASETS.build(dataset)
            if hasattr(dataset, 'full_init'):
                dataset.full_init()
        # A function, since a data set would be copied with the config.
        cfg['dataset'] = dict(type=lambda: dataset)
        collate = cfg.get('collate_fn', dict(type='pseudo_collate'))
        if isinstance(collate, dict) and collate.get('type') == 'pseudo_collate':
            cfg['collate_fn'] = dict(collate, type=shared_collate)
        cfg['num_workers'] = self._workers(dataset, cfg, asked)
        if not cfg['num_workers']:
            return _without_workers(cfg)
        cfg.setdefault('timeout', LONGEST_WAIT)
        return cfg

    def _workers(self, dataset: Dataset, cfg: dict[str, Any], asked: int) -> int:
        """Number of workers that fit, at most the number asked for."""
        free = free_bytes()
        if free is None:
            return asked
        batches = batches_of(dataset, _batch_size(cfg))
        prefetch = cfg.get('prefetch_factor') or 2
        here = int(os.environ.get('LOCAL_WORLD_SIZE', self.world_size))
        left = max(free - self._claimed, 0)
        count = fitting_workers(batches, left, asked, prefetch, here)
        self._claimed += held(batches, count, prefetch, here)
        if count < asked and self.rank == 0:
            _log.warning(
                '%d MB of shared memory (/dev/shm) are too few for %d processes '
                'that read photos, so %s; %s',
                left // 10**6,
                asked,
                f'there are {count}' if count else 'the main process reads them',
                self.WAYS_OUT,
            )
        return count

    def train(self) -> torch.nn.Module:
        """Train the model.

        Returns:
            nn.Module: The trained model.

        Raises:
            WorkerError: If a process that reads photos has died.
        """
        return self._told(super().train)

    def val(self) -> dict:
        """Validate the model.

        Returns:
            dict: The metrics.

        Raises:
            WorkerError: If a process that reads photos has died.
        """
        return self._told(super().val)

    def test(self) -> dict:
        """Test the model.

        Returns:
            dict: The metrics.

        Raises:
            WorkerError: If a process that reads photos has died.
        """
        return self._told(super().test)

    def _told(self, run: Any) -> Any:
        """Run a loop; replace errors of workers by a clear message."""
        try:
            return run()
        except RuntimeError as error:
            told = worker_error(error, self.WAYS_OUT)
            if told is None:
                raise
            raise told from error


def _without_workers(cfg: dict[str, Any]) -> dict[str, Any]:
    """The config of a loader in the main process.

    torch refuses settings that are meant for workers.
    """
    cfg['persistent_workers'] = False
    for key in ('prefetch_factor', 'timeout'):
        cfg.pop(key, None)
    return cfg


def _batch_size(cfg: dict[str, Any]) -> int:
    """Number of items in a batch, which a batch sampler may determine."""
    batch_sampler = cfg.get('batch_sampler')
    of_sampler = (
        batch_sampler.get('batch_size') if isinstance(batch_sampler, dict) else None
    )
    return cfg.get('batch_size') or of_sampler or 1


def batches_of(dataset: Any, batch_size: int) -> np.ndarray:
    """Estimate the shared memory that each batch of a data set takes.

    Args:
        dataset (Dataset): The data set. For box prompts the size of a batch
            follows from the numbers of boxes; for other data sets some items
            are measured.
        batch_size (int): Number of items in a batch.

    Returns:
        np.ndarray: Bytes of each of the B batches, (B,) int64.
    """
    crops = [
        step
        for step in getattr(getattr(dataset, 'pipeline', None), 'transforms', ())
        if isinstance(step, CropBoxes)
    ]
    if crops and hasattr(dataset, 'box_counts'):
        return batch_bytes(
            dataset.box_counts, len(crops[0].margins), crops[0].size, batch_size
        )
    count = len(dataset) if isinstance(dataset, Sized) else 0
    largest = _largest_item(dataset, count)
    batches = max(-(-count // batch_size), 1)
    return np.full(batches, int(largest * MARGIN) * batch_size, dtype=np.int64)


def _largest_item(dataset: Any, count: int) -> int:
    """Bytes of the tensors of the largest of some items."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    sizes = [0]
    for place in np.linspace(0, count - 1, min(SAMPLES, count), dtype=int):
        try:
            sizes.append(tensor_bytes(dataset[int(place)]))
        # Errors are reported when the item is used.
        except Exception:
            continue
    # Measuring items must not change what is drawn at random later.
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])
    return max(sizes)
