import math
import os
import subprocess
import sys

import pytest

from mmboxcaseg import process

GLIBC = process.has_glibc()
# Size of a buffer that glibc takes from the kernel unless it is told not to,
# and of one that it gives back when it is freed.
LARGE = 64 * 2**20


@pytest.mark.parametrize(
    ('environ', 'expected'),
    [
        ({}, {-4: 0, -1: -1}),
        ({'MALLOC_ARENA_MAX': '2', 'OMP_NUM_THREADS': '1'}, {-4: 0, -1: -1}),
        ({'MALLOC_MMAP_MAX_': '65536'}, {-1: -1}),
        ({'MALLOC_MMAP_THRESHOLD_': '131072'}, {-1: -1}),
        ({'MALLOC_TRIM_THRESHOLD_': '131072'}, {-4: 0}),
        (
            {'GLIBC_TUNABLES': 'glibc.malloc.mmap_max=9:glibc.malloc.trim_threshold=1'},
            {},
        ),
        ({'GLIBC_TUNABLES': 'glibc.malloc.check=1'}, {-4: 0, -1: -1}),
    ],
)
def test_what_the_environment_says_of_memory_goes_before(environ, expected):
    assert process.memory_settings(environ) == expected


WAIT = {'GOMP_SPINCOUNT': '1000', 'KMP_BLOCKTIME': '0'}


@pytest.mark.parametrize(
    ('environ', 'cores', 'quota', 'expected'),
    [
        ({}, 2, math.inf, WAIT),
        ({}, 8, 8.0, WAIT),
        ({}, 8, 7.5, WAIT),
        ({}, 8, 2.5, {**WAIT, 'OMP_NUM_THREADS': '3'}),
        ({}, 8, 0.1, {**WAIT, 'OMP_NUM_THREADS': '1'}),
        ({'OMP_NUM_THREADS': '6'}, 8, 2.0, WAIT),
        ({'OMP_WAIT_POLICY': 'ACTIVE'}, 8, 2.0, {'OMP_NUM_THREADS': '2'}),
        ({'GOMP_SPINCOUNT': '1000'}, 2, 2.0, {}),
        ({'KMP_BLOCKTIME': '0'}, 2, 2.0, {}),
    ],
)
def test_threads_that_spin_for_a_moment_and_no_more_than_cores(
    environ, cores, quota, expected
):
    assert process.thread_settings(environ, cores, quota) == expected


def run(code, **environ):
    """What Python prints, in an environment that says nothing of these."""
    left = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(('MALLOC_', 'GLIBC_', 'OMP_', 'GOMP_', 'KMP_'))
    }
    return subprocess.run(
        [sys.executable, '-c', code],
        env={**left, **environ},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()


# How many pages the kernel hands out for a second buffer after a first was
# freed.
FAULTS = f"""
import ctypes, resource
from mmboxcaseg import process
if {{prepared}}:
    process.prepare()
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.memset.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
for _ in range(2):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    buffer = libc.malloc({LARGE})
    libc.memset(buffer, 1, {LARGE})
    libc.free(buffer)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
print(after - before)
"""


@pytest.mark.skipif(not GLIBC, reason='another C library')
def test_freed_buffers_are_not_asked_for_again():
    (plain,) = run(FAULTS.format(prepared=False))
    (kept,) = run(FAULTS.format(prepared=True))
    # Pages may be of 2 MB.
    assert int(plain) >= LARGE // 2**21
    assert int(kept) < LARGE // 2**21
    (users,) = run(
        FAULTS.format(prepared=True),
        MALLOC_MMAP_MAX_='65536',
        MALLOC_TRIM_THRESHOLD_='131072',
    )
    assert int(users) >= LARGE // 2**21


def test_other_libraries_are_left_alone(monkeypatch):
    for error in (AttributeError, ValueError):

        def confstr(name, error=error):
            raise error(name)

        monkeypatch.setattr(os, 'confstr', confstr, raising=False)
        assert process.keep_freed_memory({}) == {}


def test_threads_are_settled_before_torch_and_not_after():
    code = """
import os, sys
from mmboxcaseg import process
sys.modules.update({modules})
process.prepare()
print(os.environ.get('GOMP_SPINCOUNT'))
"""
    assert run(code.format(modules={})) == ['1000']
    assert run(code.format(modules={'torch': None})) == ['None']
    assert run(code.format(modules={}), OMP_WAIT_POLICY='ACTIVE') == ['None']
    assert run(code.format(modules={}), GOMP_SPINCOUNT='7') == ['7']


def test_commands_settle_it_before_they_run():
    code = """
import argparse, os, types
from mmboxcaseg.cli import main
def command(args):
    print(os.environ['GOMP_SPINCOUNT'])
    return 0
main.run(types.SimpleNamespace(run=command), argparse.Namespace(), 'command')
"""
    assert run(code) == ['1000']


def write(root, path, text):
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.mark.parametrize(
    ('text', 'cores'),
    [('150000 100000', 1.5), ('max 100000', math.inf), ('', math.inf)],
)
def test_quota_of_the_second_version(tmp_path, text, cores):
    write(tmp_path, 'proc/self/cgroup', '0::/\n')
    write(tmp_path, 'sys/fs/cgroup/cpu.max', text)
    assert process.cgroup_quota(str(tmp_path)) == cores


def test_the_tightest_quota_of_the_groups_around_counts(tmp_path):
    write(tmp_path, 'proc/self/cgroup', '0::/user/job\n')
    write(tmp_path, 'sys/fs/cgroup/user/job/cpu.max', '400000 100000')
    write(tmp_path, 'sys/fs/cgroup/user/cpu.max', '200000 100000')
    assert process.cgroup_quota(str(tmp_path)) == 2


@pytest.mark.parametrize('folder', ['cpu,cpuacct/docker/a', 'cpu,cpuacct', 'cpu'])
def test_quota_of_the_first_version(tmp_path, folder):
    write(
        tmp_path,
        'proc/self/cgroup',
        '5:memory:/docker/a\n4:cpu,cpuacct:/docker/a\n1:name=systemd:/\n',
    )
    write(tmp_path, f'sys/fs/cgroup/{folder}/cpu.cfs_quota_us', '50000\n')
    write(tmp_path, f'sys/fs/cgroup/{folder}/cpu.cfs_period_us', '100000\n')
    assert process.cgroup_quota(str(tmp_path)) == 0.5
    write(tmp_path, f'sys/fs/cgroup/{folder}/cpu.cfs_quota_us', '-1\n')
    assert process.cgroup_quota(str(tmp_path)) == math.inf


def test_no_control_groups_no_quota(tmp_path):
    assert process.cgroup_quota(str(tmp_path)) == math.inf
    assert 1 <= process.usable_cores() <= os.cpu_count()
