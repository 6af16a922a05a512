"""A lock that keeps two runs from writing one output."""

import os

from filelock import FileLock, Timeout


def lock_shards(folder: str, rank: int = 0, timeout: float = 0) -> FileLock:
    """Lock a folder of shards while this process lives.

    The operating system releases the lock when the process ends, also by
    SIGKILL, so a run that was killed can be resumed at once. The file of the
    lock is removed with the folder once the shards have been joined.

    Args:
        folder (str): Folder of shards; it is made if it does not exist.
        rank (int): Rank of the process. Defaults to 0.
        timeout (float): How long to wait for another process to end, in
            seconds. Defaults to 0.

    Returns:
        FileLock: The acquired lock, to be released or used as a context
        manager.

    Raises:
        ValueError: If another process holds the lock.
    """
    os.makedirs(folder, exist_ok=True)
    lock = FileLock(os.path.join(folder, f'rank_{rank:04d}.lock'))
    try:
        lock.acquire(timeout=timeout)
    except Timeout:
        raise ValueError(
            f'{folder} is in use by another run; wait until that run has '
            'ended, or give another output'
        ) from None
    return lock
