"""One run at a time on one output."""

import os

from filelock import FileLock, Timeout


def lock_shards(folder: str, rank: int = 0, timeout: float = 0) -> FileLock:
    """Keep other runs off a folder of shards while this process lives.

    The operating system gives the lock back when the process ends, by
    SIGKILL too, so a run that was killed can be resumed at once. The lock
    goes with the folder when the shards have been joined and removed.

    Args:
        folder (str): Folder of shards; it is made if need be.
        rank (int): Rank of the process. Defaults to 0.
        timeout (float): How long to wait for another process to end, in
            seconds. Defaults to 0.

    Returns:
        FileLock: Release it, or use it as a context manager.

    Raises:
        ValueError: If another process holds it.
    """
    os.makedirs(folder, exist_ok=True)
    lock = FileLock(os.path.join(folder, f'rank_{rank:04d}.lock'))
    try:
        lock.acquire(timeout=timeout)
    except Timeout:
        raise ValueError(
            f'{folder} is in use by another run; wait until it '
            'has ended, or give another output'
        ) from None
    return lock
