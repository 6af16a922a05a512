"""Parts of a work in processes of their own."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from functools import partial

import pytest

from mmboxcaseg.proxy_masks import Part, run_parts

METHODS = multiprocessing.get_all_start_methods()


class OddError(Exception):
    """It can be pickled, but not be made anew."""

    def __init__(self, one, two):
        super().__init__(f'{one} {two}')


def work(behaviour, part, update):
    """What the tests ask a part to do."""
    for _ in range(part.number + 1):
        update(2, 5)
    if part.number == 1:
        if behaviour == 'odd':
            raise OddError('very', 'odd')
        if behaviour == 'wrong':
            raise ValueError('boxes.json: wrong')
        if behaviour == 'killed':
            os.kill(os.getpid(), signal.SIGKILL)
    elif behaviour:
        # Ended by the first process, long before.
        time.sleep(600)
    return part, os.getpid()


@pytest.mark.parametrize('method', [m for m in METHODS if m in ('fork', 'spawn')])
def test_results_come_in_order_and_progress_adds_up(method):
    told = []
    found = run_parts(partial(work, ''), 3, lambda *counts: told.append(counts), method)
    assert [part for part, _ in found] == [Part(0, 3), Part(1, 3), Part(2, 3)]
    assert len({os.getpid(), *(process for _, process in found)}) == 4
    assert told == [(2, 5)] * 6


@pytest.mark.parametrize(
    ('behaviour', 'kind', 'message'),
    [
        ('wrong', ValueError, '^boxes.json: wrong$'),
        ('odd', RuntimeError, '^OddError: very odd$'),
        ('killed', ChildProcessError, r'process 2 of 3 .*status -9.*--jobs'),
    ],
)
def test_the_first_error_ends_all(behaviour, kind, message):
    with pytest.raises(kind, match=message):
        run_parts(partial(work, behaviour), 3, lambda *counts: None)
    assert multiprocessing.active_children() == []


@pytest.mark.skipif('fork' not in METHODS, reason='no forks here')
def test_processes_end_with_the_one_that_started_them(repo_root):
    code = """
import os, time
from mmboxcaseg.proxy_masks import run_parts
def work(part, update):
    print(os.getpid(), flush=True)
    time.sleep(600)
run_parts(work, 2, print, 'fork')
"""
    run = subprocess.Popen(
        [sys.executable, '-c', code], cwd=repo_root, stdout=subprocess.PIPE, text=True
    )
    for _ in range(2):
        assert int(run.stdout.readline()) > 0
    run.kill()
    # The end of what they print is that of the last of them.
    assert run.stdout.read() == ''
    run.wait()
