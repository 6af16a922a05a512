"""Kills make_proxy_masks.py at random moments and resumes it, many times.

Run as a script by test_kills.py. Runs are forked from a process that has
imported everything, for imports take longer than the runs.
"""

import gc
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import torch
from mmengine.config import Config
from proxy_run import arguments, tool, write_inputs

from mmboxcaseg.engine import proxy_mask_run  # noqa: F401, imported once
from mmboxcaseg.proxy_masks import done_image_ids, shard_dir


def start(inputs: Path, out: Path, *more: str) -> int:
    """Fork a run; its process id."""
    pid = os.fork()
    if pid:
        return pid
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    status = 99
    try:
        status = tool()['main'](arguments(inputs, out, *more))
    finally:
        os._exit(status)


def wait(pid: int) -> int:
    """Exit status of a run, or minus the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def wait_for_images(pid: int, folder: str, count: int) -> None:
    """Wait until ``count`` images are done, or the run has ended."""
    ended = os.WEXITED | os.WNOHANG | os.WNOWAIT
    while not os.waitid(os.P_PID, pid, ended):
        if len(done_image_ids(folder)) >= count:
            return
        time.sleep(0.001)


def timed_run(inputs: Path, out: Path) -> float:
    """Seconds that a run takes."""
    begin = time.monotonic()
    wait(start(inputs, out))
    return time.monotonic() - begin


def main(root: Path, kills: int) -> dict:
    """What happened, for the test to look at."""
    torch.set_num_threads(1)
    # Half the time of a run goes into laying out its config for the logs, and
    # into looking through all modules for what can be freed.
    Config.pretty_text = property(lambda config: str(config.to_dict()))
    gc.freeze()
    rng = random.Random(0)
    inputs = root / 'inputs'
    inputs.mkdir()
    write_inputs(inputs)
    timed_run(inputs, root / 'warm_up')
    whole = timed_run(inputs, root / 'whole')
    expected = {
        name: (root / 'whole' / name).read_bytes()
        for name in ('masks.json', 'masks.report.json')
    }
    rounds, killed, partial, problems = 0, 0, 0, []
    while killed < kills:
        rounds += 1
        out = root / f'round_{rounds}'
        status = None
        while status is None or status == -signal.SIGKILL:
            pid = start(inputs, out, '--resume')
            if rng.random() < 0.5:
                time.sleep(rng.uniform(0, whole))
            else:
                # Most of a run is its start, which has little to spoil.
                wait_for_images(
                    pid, shard_dir(str(out / 'masks.json')), rng.randint(1, 9)
                )
                time.sleep(rng.uniform(0, 0.02))
            os.kill(pid, signal.SIGKILL)
            status = wait(pid)
            killed += status == -signal.SIGKILL
            if status != -signal.SIGKILL:
                # The machine has become faster: kill earlier.
                whole *= 0.95
            complete = (out / 'masks.json').exists()
            if complete and any(
                (out / name).read_bytes() != content
                for name, content in expected.items()
            ):
                problems.append(f'round {rounds}: another result after a kill')
            partial += not complete and bool(
                done_image_ids(shard_dir(str(out / 'masks.json')))
            )
            if killed >= kills and status == -signal.SIGKILL:
                status = wait(start(inputs, out, '--resume'))
        # Status 3: one of the boxes is unusable.
        if status != 3:
            problems.append(f'round {rounds}: status {status}')
        for name, content in expected.items():
            if (out / name).read_bytes() != content:
                problems.append(f'round {rounds}: another {name}')
        left = sorted(os.listdir(out))
        if left != ['logs', 'masks.json', 'masks.report.json']:
            problems.append(f'round {rounds}: left {left}')
    return dict(rounds=rounds, killed=killed, partial=partial, problems=problems)


if __name__ == '__main__':
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]))))
