"""Settings of this process: its memory allocator and its threads.

A network asks for the same large buffers again and again. By default glibc
takes each of them from the kernel and gives it back, and the kernel zeroes
every page anew. Without a GPU that takes half of the time of a small network,
so glibc is told to keep freed memory.

OpenMP's threads wait for each other by spinning, which is fastest as long as
each thread has its own core. If another program uses one of the cores, or a
container may use only some of them, all threads wait for the one without a
core. So the threads are told to spin for a moment only and then to sleep, and
their number is limited to the cores that the process may use.

Variables of the environment have precedence over these settings. They should
be made before torch is imported, because OpenMP reads them when it is loaded.
"""

import math
import os
import os.path as osp
import sys
from collections.abc import Mapping

# Parameters of mallopt, from glibc's malloc.h.
M_MMAP_MAX, M_TRIM_THRESHOLD = -4, -1
# Each with its value, and with the tunables that have precedence over it.
KEPT_MEMORY = (
    # Large buffers are allocated on the heap, as small ones are.
    (M_MMAP_MAX, 0, ('mmap_max', 'mmap_threshold')),
    # The free end of the heap is never returned to the kernel.
    (M_TRIM_THRESHOLD, -1, ('trim_threshold',)),
)
# Variables that say how threads wait; if one is set, no other is added.
WAITING = ('OMP_WAIT_POLICY', 'GOMP_SPINCOUNT', 'KMP_BLOCKTIME', 'KMP_LIBRARY')
# How long threads spin: GNU's OpenMP counts loop iterations, LLVM's and Intel's
# milliseconds. Without spinning a training step takes a fifth longer on idle
# cores; with ten times as many iterations it is nearly as slow on busy cores as
# with the default (docs/benchmark.md).
WAIT_SETTINGS = {'GOMP_SPINCOUNT': '1000', 'KMP_BLOCKTIME': '0'}

# Variables that prepare() has set, in contrast to those of the user.
_settled: set[str] = set()


def prepare() -> None:
    """Set up the allocator and the threads of this process and its children.

    The settings of the threads stay unchanged if torch has been imported
    already.
    """
    keep_freed_memory()
    if 'torch' not in sys.modules:
        settings = thread_settings(os.environ)
        os.environ.update(settings)
        _settled.update(settings)


def keep_freed_memory(environ: Mapping[str, str] | None = None) -> dict[int, int]:
    """Tell glibc's allocator to keep freed memory.

    With another C library the function does nothing.

    Args:
        environ (Mapping[str, str], optional): Variables of the environment.
            ``MALLOC_MMAP_MAX_``, ``MALLOC_MMAP_THRESHOLD_`` and
            ``MALLOC_TRIM_THRESHOLD_``, or their equivalents in
            ``GLIBC_TUNABLES``, have precedence. Defaults to None:
            ``os.environ``.

    Returns:
        dict[int, int]: The parameters of ``mallopt`` that were set, with
        their values.
    """
    if not has_glibc():
        return {}
    # Imported here because commands that don't need it start faster so.
    import ctypes

    mallopt = ctypes.CDLL(None).mallopt
    return {
        parameter: value
        for parameter, value in memory_settings(
            os.environ if environ is None else environ
        ).items()
        if mallopt(parameter, value)
    }


def memory_settings(environ: Mapping[str, str]) -> dict[int, int]:
    """Settings of the allocator that the environment does not make itself.

    Args:
        environ (Mapping[str, str]): Variables of the environment.

    Returns:
        dict[int, int]: Parameters of ``mallopt`` and their values.

    Example:
        >>> memory_settings({})
        {-4: 0, -1: -1}
        >>> memory_settings({'MALLOC_TRIM_THRESHOLD_': '131072'})
        {-4: 0}
    """
    tunables = environ.get('GLIBC_TUNABLES', '')
    return {
        parameter: value
        for parameter, value, names in KEPT_MEMORY
        if not any(
            f'MALLOC_{name.upper()}_' in environ or f'glibc.malloc.{name}=' in tunables
            for name in names
        )
    }


def has_glibc() -> bool:
    """Whether the C library of this process is glibc."""
    try:
        version = os.confstr('CS_GNU_LIBC_VERSION')
    # Windows has no confstr; other C libraries don't know this name.
    except (AttributeError, ValueError, OSError):
        return False
    return bool(version) and version.startswith('glibc')


def thread_settings(
    environ: Mapping[str, str], cores: int | None = None, quota: float | None = None
) -> dict[str, str]:
    """Variables of OpenMP that the environment should have but has not.

    Args:
        environ (Mapping[str, str]): Variables of the environment; those that
            are set have precedence.
        cores (int, optional): Number of cores that this process may be
            scheduled on. Defaults to None: :func:`schedulable_cores`.
        quota (float, optional): Processor time that this process may use, in
            cores, above 0. Defaults to None: :func:`cgroup_quota`.

    Returns:
        dict[str, str]: Variables to set, with their values.

    Example:
        >>> thread_settings({}, cores=8, quota=2.5)
        {'GOMP_SPINCOUNT': '1000', 'KMP_BLOCKTIME': '0', 'OMP_NUM_THREADS': '3'}
    """
    cores = schedulable_cores() if cores is None else cores
    quota = cgroup_quota() if quota is None else quota
    settings = {}
    if not any(name in environ for name in WAITING):
        settings.update(WAIT_SETTINGS)
    # OpenMP counts the cores itself, but does not know of the quota.
    threads = math.ceil(min(cores, quota))
    if threads < cores and 'OMP_NUM_THREADS' not in environ:
        settings['OMP_NUM_THREADS'] = str(threads)
    return settings


def threads_of(processes: int) -> int | None:
    """Number of threads for each of several processes that share the cores.

    Args:
        processes (int): Number of processes, 1 or more.

    Returns:
        int | None: Number of threads of one process, 1 or more; None if the
        user has set ``OMP_NUM_THREADS``.
    """
    if 'OMP_NUM_THREADS' in os.environ and 'OMP_NUM_THREADS' not in _settled:
        return None
    return max(1, usable_cores() // processes)


def usable_cores() -> int:
    """Number of cores that this process can keep busy, 1 or more."""
    return math.ceil(min(schedulable_cores(), cgroup_quota()))


def schedulable_cores() -> int:
    """Number of cores that this process may be scheduled on."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cgroup_quota(root: str = '/') -> float:
    """Processor time that the control groups of this process allow.

    Args:
        root (str): Folder that has ``proc`` and ``sys``. Defaults to ``'/'``.

    Returns:
        float: The limit in cores, above 0; infinity if there is none.
    """
    try:
        with open(osp.join(root, 'proc/self/cgroup'), encoding='utf-8') as file:
            lines = [line.rstrip('\n').split(':', 2) for line in file]
    except OSError:
        return math.inf
    found = [math.inf]
    mounts = osp.join(root, 'sys/fs/cgroup')
    for _, controllers, path in lines:
        if not controllers:
            places = _with_parents(mounts, path)
            found += [_quota_of(place, 'cpu.max') for place in places]
        elif 'cpu' in controllers.split(','):
            places = _with_parents(osp.join(mounts, controllers), path)
            places += _with_parents(osp.join(mounts, 'cpu'), path)
            found += [
                _quota_of(place, 'cpu.cfs_quota_us', 'cpu.cfs_period_us')
                for place in places
            ]
    return min(found)


def _with_parents(mount: str, path: str) -> list[str]:
    """The folders of a control group and of its parents.

    In a container the path may be that of the host, of which only the mount
    itself is visible.
    """
    parts = [part for part in path.split('/') if part]
    return [osp.join(mount, *parts[:end]) for end in range(len(parts), -1, -1)]


def _quota_of(folder: str, *names: str) -> float:
    """Quota divided by period, both in microseconds, from one file or two."""
    words = []
    for name in names:
        try:
            with open(osp.join(folder, name), encoding='ascii') as file:
                words += file.read().split()
        except OSError:
            return math.inf
    # "max" or -1 mean that there is no limit.
    if len(words) != 2 or not all(word.isdigit() for word in words):
        return math.inf
    quota, period = map(int, words)
    return quota / period if quota and period else math.inf
