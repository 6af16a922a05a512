"""Shared memory for the processes that read photos.

A worker hands its batches over in ``/dev/shm``, of which a Docker container
has 64 MB. Where it is full, torch fails in a thread of the worker, and the
main process waits for a batch that never comes.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from mmengine.structures import BaseDataElement
from torch.utils.data import get_worker_info

FOLDER = '/dev/shm'
# What else the batches and other programs take.
SPARE = 4 * 2**20


class WorkerError(OSError):
    """A process that reads photos has died, or the memory it shares is full."""


def free_bytes(folder: str = FOLDER) -> int | None:
    """Shared memory that is free.

    Args:
        folder (str): Where it is mounted. Defaults to ``/dev/shm``.

    Returns:
        int | None: Bytes; None where there is no such folder, and so no such
        limit.
    """
    return shutil.disk_usage(folder).free if os.path.isdir(folder) else None


def batch_bytes(
    boxes_per_image: Sequence[int], crops_per_box: int, side: int, batch_size: int
) -> np.ndarray:
    """What the crops of each batch take.

    Args:
        boxes_per_image (Sequence[int]): N of each image, in the order they
            are read.
        crops_per_box (int): M.
        side (int): S, in pixels.
        batch_size (int): Images in a batch.

    Returns:
        np.ndarray: Bytes of each batch, int64: N * M * 3 * S * S an image.
    """
    counts = np.asarray(boxes_per_image, dtype=np.int64)
    starts = np.arange(0, len(counts), batch_size)
    if not len(counts):
        return counts
    return np.add.reduceat(counts, starts) * crops_per_box * 3 * side**2


def fitting_workers(
    batches: np.ndarray,
    free: int | None,
    workers: int,
    prefetch: int = 2,
    processes: int = 1,
) -> int:
    """How many workers there is shared memory for.

    Args:
        batches (np.ndarray): Bytes of each batch, see :func:`batch_bytes`.
        free (int | None): Bytes of shared memory; None: no limit.
        workers (int): Most workers, of each process.
        prefetch (int): Batches that each worker reads ahead. Defaults to 2.
        processes (int): Processes on this machine that share the batches.
            Defaults to 1.

    Returns:
        int: The largest number that fits, from 0, which needs none, to
        ``workers``.
    """
    if free is None:
        return workers
    for count in range(workers, 0, -1):
        if held(batches, count, prefetch, processes) + SPARE <= free:
            return count
    return 0


def held(
    batches: np.ndarray, workers: int, prefetch: int = 2, processes: int = 1
) -> int:
    """Most shared memory that the batches of some workers take.

    Args:
        batches (np.ndarray): See :func:`fitting_workers`.
        workers (int): Workers of each process.
        prefetch (int): As there. Defaults to 2.
        processes (int): As there. Defaults to 1.

    Returns:
        int: Bytes; 0 without workers.
    """
    if not workers:
        return 0
    sums = np.concatenate([[0], np.cumsum(batches)])
    # Besides those that are read ahead, the one in use and the next.
    alive = min(processes * (workers * prefetch + 2), len(batches))
    return int((sums[alive:] - sums[: len(sums) - alive]).max())


def shared_collate(batch: Sequence[Any]) -> Any:
    """mmengine's ``pseudo_collate``; a worker shares the tensors here.

    If shared memory is short the error arises where the loader passes it on,
    and not in the thread that sends the batch, where nobody hears of it.

    Args:
        batch (Sequence): The items.

    Returns:
        Any: The batch.
    """
    batch = pseudo_collate(batch)
    if get_worker_info() is not None:
        for tensor in _tensors(batch):
            tensor.share_memory_()
    return batch


def tensor_bytes(item: Any) -> int:
    """What the tensors of an item take.

    Args:
        item (Any): Item of a data set.

    Returns:
        int: Bytes.
    """
    return sum(one.numel() * one.element_size() for one in _tensors(item))


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    """All tensors of an item or a batch."""
    if isinstance(value, torch.Tensor):
        yield value
        return
    parts: Iterable = ()
    if isinstance(value, BaseDataElement):
        parts = value.all_values()
    elif isinstance(value, dict):
        parts = value.values()
    elif isinstance(value, (list, tuple)):
        parts = value
    for part in parts:
        yield from _tensors(part)


def worker_error(error: RuntimeError, ways_out: str) -> WorkerError | None:
    """What an error of torch's data loader means, in a line.

    Args:
        error (RuntimeError): The error.
        ways_out (str): What to do about it.

    Returns:
        WorkerError | None: None if it is of another kind.
    """
    text = str(error)
    if 'shared memory' in text or 'Bus error' in text:
        return WorkerError(
            'shared memory (/dev/shm) is short for the '
            f'processes that read photos; {ways_out}'
        )
    if 'DataLoader worker (pid' in text or 'DataLoader timed out' in text:
        what = text.strip().splitlines()[0]
        return WorkerError(
            f'a process that reads photos has died: {what} '
            f'Memory may be short; {ways_out}'
        )
    return None
