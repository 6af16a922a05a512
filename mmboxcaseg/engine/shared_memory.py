"""Shared memory for the processes that read photos.

Workers pass batches to the main process through ``/dev/shm``, of which a
Docker container has 64 MB. If it is full, torch fails in a thread of the
worker, and the main process waits for a batch that never comes.
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
# Bytes that are left for other programs and for overhead.
SPARE = 4 * 2**20


class WorkerError(OSError):
    """A process that reads photos has died, or shared memory is full."""


def free_bytes(folder: str = FOLDER) -> int | None:
    """Get the size of the free shared memory.

    Args:
        folder (str): Folder where shared memory is mounted. Defaults to
            ``/dev/shm``.

    Returns:
        int | None: Size in bytes; None if there is no such folder and so no
        limit.
    """
    return shutil.disk_usage(folder).free if os.path.isdir(folder) else None


def batch_bytes(
    boxes_per_image: Sequence[int], crops_per_box: int, side: int, batch_size: int
) -> np.ndarray:
    """Compute the size of the crops of each batch.

    An image takes N * M * 3 * S * S bytes.

    Args:
        boxes_per_image (Sequence[int]): Number N of boxes of each image, in
            the order of the images.
        crops_per_box (int): Number M of crops per box.
        side (int): Side S of the crops in pixels.
        batch_size (int): Number of images in a batch.

    Returns:
        np.ndarray: Bytes of each of the B batches, (B,) int64.

    Example:
        >>> batch_bytes([1, 2, 1], crops_per_box=1, side=10, batch_size=2)
        array([900, 300])
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
    """Compute the number of workers that shared memory suffices for.

    Args:
        batches (np.ndarray): Bytes of each of the B batches, (B,) int64.
        free (int | None): Free shared memory in bytes; None for no limit.
        workers (int): Largest number of workers of each process.
        prefetch (int): Number of batches that each worker reads ahead.
            Defaults to 2.
        processes (int): Number of processes on this machine that share the
            batches. Defaults to 1.

    Returns:
        int: Number of workers of each process, from 0 to ``workers``.
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
    """Compute the largest amount of shared memory that workers may take.

    Args:
        batches (np.ndarray): Bytes of each of the B batches, (B,) int64.
        workers (int): Number of workers of each process.
        prefetch (int): Number of batches that each worker reads ahead.
            Defaults to 2.
        processes (int): Number of processes on this machine that share the
            batches. Defaults to 1.

    Returns:
        int: Size in bytes; 0 without workers.
    """
    if not workers:
        return 0
    sums = np.concatenate([[0], np.cumsum(batches)])
    # Batches that are read ahead, the one in use, and the next one.
    alive = min(processes * (workers * prefetch + 2), len(batches))
    return int((sums[alive:] - sums[: len(sums) - alive]).max())


def shared_collate(batch: Sequence[Any]) -> Any:
    """mmengine's ``pseudo_collate``, which also puts tensors in shared memory.

    If shared memory is full, the error is raised here, and the data loader
    passes it on. Otherwise it would be raised in the thread that sends the
    batch, and be lost.

    Args:
        batch (Sequence[Any]): Items of a data set.

    Returns:
        Any: The batch.
    """
    batch = pseudo_collate(batch)
    if get_worker_info() is not None:
        for tensor in _tensors(batch):
            tensor.share_memory_()
    return batch


def tensor_bytes(item: Any) -> int:
    """Compute the size of the tensors of an item.

    Args:
        item (Any): Item of a data set.

    Returns:
        int: Size in bytes.
    """
    return sum(one.numel() * one.element_size() for one in _tensors(item))


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    """Yield all tensors of an item or a batch."""
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
    """Translate an error of torch's data loader into a clear one.

    Args:
        error (RuntimeError): The error.
        ways_out (str): What the user can do, for the message.

    Returns:
        WorkerError | None: The new error; None if the cause is another one.
    """
    text = str(error)
    if 'shared memory' in text or 'Bus error' in text:
        return WorkerError(
            'shared memory (/dev/shm) is too small for the processes that read '
            f'photos; {ways_out}'
        )
    if 'DataLoader worker (pid' in text or 'DataLoader timed out' in text:
        what = text.strip().splitlines()[0]
        return WorkerError(
            f'a process that reads photos has died: {what} '
            f'Perhaps there is not enough memory; {ways_out}'
        )
    return None
