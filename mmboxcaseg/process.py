"""How this process uses memory and cores: its allocator and its threads.

A network asks for the same large buffers again and again. glibc takes each
from the kernel and gives it back, and the kernel zeroes every page of it anew:
without a GPU that is half of the time of a small network. So the allocator is
told to keep what is freed.

The threads of OpenMP wait for each other by spinning, which is quickest as
long as each has a core of its own. Where another program has one of the cores,
or a container a part of them only, all wait for the thread that has none. So
they are told to spin for a moment and to sleep then, and to be no more than
there are cores for.

What the environment says about either goes before. Both are best settled
before torch is imported: OpenMP reads its settings when it is loaded.
"""

import math
import os
import os.path as osp
import sys
from collections.abc import Mapping

# Parameters of mallopt, as in glibc's malloc.h: the value, and what the
# environment has about it.
M_MMAP_MAX, M_TRIM_THRESHOLD = -4, -1
KEPT_MEMORY = (
    # Large buffers are parts of the heap, as small ones are.
    (M_MMAP_MAX, 0, ('mmap_max', 'mmap_threshold')),
    # The free end of the heap stays: -1 is never to trim it.
    (M_TRIM_THRESHOLD, -1, ('trim_threshold',)),
)
# Whoever sets one of them has decided how threads wait.
WAITING = ('OMP_WAIT_POLICY', 'GOMP_SPINCOUNT', 'KMP_BLOCKTIME', 'KMP_LIBRARY')
# A moment, for GNU's OpenMP in turns of a loop, for LLVM's and Intel's in
# milliseconds. Not to spin at all costs a fifth of a training step on idle
# cores, and ten times as many turns cost most of what sleeping brings on busy
# ones (docs/benchmark.md).
WAIT_SETTINGS = {'GOMP_SPINCOUNT': '1000', 'KMP_BLOCKTIME': '0'}

# Variables that were set here, and not by whoever started the process.
_settled: set[str] = set()


def prepare() -> None:
    """Settle allocator and threads of this process, and of those it starts.

    Threads are left as they are where torch has been imported already.
    """
    keep_freed_memory()
    if 'torch' not in sys.modules:
        settings = thread_settings(os.environ)
        os.environ.update(settings)
        _settled.update(settings)


def keep_freed_memory(environ: Mapping[str, str] | None = None) -> dict[int, int]:
    """Tell glibc's allocator to keep memory that is freed.

    Other C libraries are left alone.

    Args:
        environ (Mapping[str, str], optional): The environment, whose
            ``MALLOC_MMAP_MAX_``, ``MALLOC_MMAP_THRESHOLD_`` and
            ``MALLOC_TRIM_THRESHOLD_``, or the same in ``GLIBC_TUNABLES``, go
            before. Defaults to None: that of the process.

    Returns:
        dict[int, int]: The parameters that were set, with their values.
    """
    if not has_glibc():
        return {}
    # Only here: commands that need no allocator start sooner.
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
    """What the allocator is to be told, less what the environment decides.

    Args:
        environ (Mapping[str, str]): The environment.

    Returns:
        dict[int, int]: Values by parameters of ``mallopt``.
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
    """Whether the C library is glibc, and not another one or none."""
    try:
        version = os.confstr('CS_GNU_LIBC_VERSION')
    # Windows has no confstr, other libraries not this name.
    except (AttributeError, ValueError, OSError):
        return False
    return bool(version) and version.startswith('glibc')


def thread_settings(
    environ: Mapping[str, str], cores: int | None = None, quota: float | None = None
) -> dict[str, str]:
    """What the environment lacks for threads that share their cores.

    Args:
        environ (Mapping[str, str]): The environment.
        cores (int, optional): Cores that this process may be scheduled on.
            Defaults to None: counted.
        quota (float, optional): Cores' worth of time that it may use. Defaults
            to None: that of its control group.

    Returns:
        dict[str, str]: Variables to be set.
    """
    cores = schedulable_cores() if cores is None else cores
    quota = cgroup_quota() if quota is None else quota
    settings = {}
    if not any(name in environ for name in WAITING):
        settings.update(WAIT_SETTINGS)
    # OpenMP counts the cores by itself, but knows of no quota.
    threads = math.ceil(min(cores, quota))
    if threads < cores and 'OMP_NUM_THREADS' not in environ:
        settings['OMP_NUM_THREADS'] = str(threads)
    return settings


def threads_of(processes: int) -> int | None:
    """Threads of each of some processes that share the cores.

    Args:
        processes (int): Their number.

    Returns:
        int | None: 1 or more; None where the environment says it.
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
    """Cores' worth of time that the control groups of this process leave it.

    Args:
        root (str): Where ``proc`` and ``sys`` are. Defaults to ``'/'``.

    Returns:
        float: Above 0; infinity where there is no limit.
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
    """The folder of a control group and those of the groups around it.

    In a container the path may be the one outside, of which only the mount
    itself is seen.
    """
    parts = [part for part in path.split('/') if part]
    return [osp.join(mount, *parts[:end]) for end in range(len(parts), -1, -1)]


def _quota_of(folder: str, *names: str) -> float:
    """Quota over period, both in microseconds, in one file or in two."""
    words = []
    for name in names:
        try:
            with open(osp.join(folder, name), encoding='ascii') as file:
                words += file.read().split()
        except OSError:
            return math.inf
    # No limit is "max" or -1.
    if len(words) != 2 or not all(word.isdigit() for word in words):
        return math.inf
    quota, period = map(int, words)
    return quota / period if quota and period else math.inf
