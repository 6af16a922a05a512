"""Shared memory for the processes that read photos.

A worker hands its batches over in ``/dev/shm``, of which a Docker container
has 64 MB. Where it is full, torch fails in a thread of the worker, and the
main process waits for a batch that never comes.
"""
import os
import shutil
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from mmengine.structures import BaseDataElement
from torch.utils.data import get_worker_info

FOLDER = '/dev/shm'
WAYS_OUT = '--num-workers 0, or more of it: docker run --shm-size 2g'
# What else the batches and other programs take.
SPARE = 4 * 2**20


class WorkerError(OSError):
    """A process that reads photos has died, or the memory it shares is full.
    """


def free_bytes(folder: str = FOLDER) -> int | None:
    """Shared memory that is free.

    Args:
        folder (str): Where it is mounted. Defaults to ``/dev/shm``.

    Returns:
        int | None: Bytes; None where there is no such folder, and so no such
        limit.
    """
    return shutil.disk_usage(folder).free if os.path.isdir(folder) else None


def batch_bytes(boxes_per_image: Sequence[int], crops_per_box: int, side: int,
                batch_size: int) -> np.ndarray:
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


def fitting_workers(batches: np.ndarray,
                    free: int | None,
                    workers: int,
                    prefetch: int = 2,
                    processes: int = 1) -> int:
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
    sums = np.concatenate([[0], np.cumsum(batches)])
    for count in range(workers, 0, -1):
        # Besides those that are read ahead, the one in use and the next.
        alive = min(processes * (count * prefetch + 2), len(batches))
        most = (sums[alive:] - sums[:len(sums) - alive]).max()
        if most + SPARE <= free:
            return count
    return 0


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
        _share(batch)
    return batch


def _share(value: Any) -> None:
    """Move all tensors of a batch into shared memory, in place."""
    if isinstance(value, torch.Tensor):
        value.share_memory_()
    elif isinstance(value, BaseDataElement):
        for part in value.all_values():
            _share(part)
    elif isinstance(value, dict):
        for part in value.values():
            _share(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            _share(part)


def worker_error(error: RuntimeError) -> WorkerError | None:
    """What an error of torch's data loader means, in a line.

    Args:
        error (RuntimeError): The error.

    Returns:
        WorkerError | None: None if it is of another kind.
    """
    text = str(error)
    if 'shared memory' in text or 'Bus error' in text:
        return WorkerError('shared memory (/dev/shm) is short for the '
                           f'processes that read photos; {WAYS_OUT}')
    if 'DataLoader worker (pid' in text or 'DataLoader timed out' in text:
        what = text.strip().splitlines()[0]
        return WorkerError(f'a process that reads photos has died: {what} '
                           'Memory may be short; try --num-workers 0')
    return None
