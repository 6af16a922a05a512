"""Running the steps of jobs, so that they can be stopped and go on."""

import json
import os
import os.path as osp
import shlex
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from .bases import REPO_ROOT
from .experiment import Job, Step, distinct

# Between two lines that tell how far a step is, in seconds.
HEARTBEAT = 60
# Takes a command, a file for its output and environment variables to add;
# returns the exit code.
Run = Callable[[Sequence[str], str, Mapping[str, str]], int]
Planned = Sequence[Job]


def command(step: Step, gpus: int) -> list[str]:
    """The words behind ``python`` as things stand: a step is distributed over
    GPUs if it can be, and a training that was stopped goes on."""
    words = list(step.words)
    if step.train_dir and osp.isfile(osp.join(step.train_dir, 'last_checkpoint')):
        words.append('--resume')
    if gpus == 1 or not step.distributed:
        return words
    # Before --cfg-options, which would swallow it.
    words[1:1] = ['--launcher', 'pytorch']
    return ['-m', 'torch.distributed.run', f'--nproc_per_node={gpus}', *words]


def to_text(step: Step, gpus: int) -> str:
    """The command of a step as one would type it."""
    return shlex.join([*step.env, 'python', *command(step, gpus)])


class Record:
    """The steps that were started and finished in a work folder.

    A step counts as done if its command came to its end, not if its output
    is there: a process that is killed can leave half a file.

    Args:
        folder (str): The work folder.
    """

    def __init__(self, folder: str) -> None:
        self.path = osp.join(folder, 'steps.jsonl')
        self.steps: dict[str, dict] = {}
        self.seconds: dict[str, list[float]] = defaultdict(list)
        if osp.isfile(self.path):
            with open(self.path, encoding='utf-8') as file:
                for line in file:
                    self._take(json.loads(line))

    def _take(self, entry: dict) -> None:
        self.steps[entry['output']] = entry
        if entry['seconds'] is not None:
            self.seconds[entry['kind']].append(entry['seconds'])

    def write(self, step: Step, seconds: float | None) -> None:
        """Add a step that was started (seconds None) or finished."""
        entry = dict(
            output=step.output,
            kind=step.kind,
            command=[*step.env, *step.words],
            seconds=seconds,
        )
        os.makedirs(osp.dirname(osp.abspath(self.path)), exist_ok=True)
        with open(self.path, 'a', encoding='utf-8') as file:
            file.write(json.dumps(entry) + '\n')
        self._take(entry)

    def left(self, planned: Planned) -> list[Step]:
        """The steps that have not been finished, each once.

        Raises:
            ValueError: If one was run with other settings.
        """
        steps = distinct(step for job in planned for step in job.steps)
        return [step for step in steps if not self._is_done(step)]

    def _is_done(self, step: Step) -> bool:
        entry = self.steps.get(step.output)
        if entry is None or (
            entry['seconds'] is not None and not osp.isfile(step.output)
        ):
            return False
        words = [*step.env, *step.words]
        if entry['command'] != words:
            raise ValueError(
                f'{self.path}: {step.output} was made by\n  '
                f'{shlex.join(entry["command"])}\nwhere it would now be\n  '
                f'{shlex.join(words)}\nGive another --work-dir, or remove the '
                'folder of that file'
            )
        return entry['seconds'] is not None

    def time_left(self, steps: Sequence[Step]) -> str:
        """About how long some steps will take, by those of their kind."""
        known = [self.seconds[step.kind] for step in steps]
        seconds = sum(sum(times) / len(times) for times in known if times)
        words = 'about' if all(known) else 'at least'
        return f'{words} {timedelta(seconds=round(seconds))} left'


def run_logged(words: Sequence[str], log: str, env: Mapping[str, str]) -> int:
    """Run a command with its output in a file, and tell now and then how far
    it is. Returns its exit code."""
    os.makedirs(osp.dirname(osp.abspath(log)), exist_ok=True)
    path = os.pathsep.join([REPO_ROOT, os.environ.get('PYTHONPATH', '')])
    with open(log, 'w', encoding='utf-8') as file:
        process = subprocess.Popen(
            words,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=dict(os.environ, PYTHONPATH=path, **env),
        )
        while True:
            try:
                return process.wait(HEARTBEAT)
            except subprocess.TimeoutExpired:
                print(f'    {last_lines(log, 1)[:150]}', flush=True)
            except KeyboardInterrupt:
                # It has got the signal as well; let it end in its own way.
                process.wait()
                raise


def last_lines(path: str, count: int) -> str:
    """The last lines of a text file."""
    with open(path, encoding='utf-8', errors='replace') as file:
        lines = [line for line in file.read().splitlines() if line.strip()]
    return '\n'.join(lines[-count:])


def print_left(planned: Planned, folder: str, gpus: int) -> None:
    """Print the commands that have not been run yet in a work folder."""
    for step in Record(folder).left(planned):
        print(to_text(step, gpus))


def run_all(
    planned: Planned, folder: str, gpus: int = 1, run: Run = run_logged
) -> None:
    """Run what is left of some jobs, one after another.

    Args:
        planned (Sequence[Job]): The jobs.
        folder (str): Work folder, for the record and the logs.
        gpus (int): Processes for each step that can be distributed. Defaults
            to 1.
        run (Run): Runs a command. Defaults to :func:`run_logged`.

    Raises:
        RuntimeError: If a step fails.
        ValueError: If a step was run before with other settings.
    """
    record = Record(folder)
    left = record.left(planned)
    total, begin = len(left), time.monotonic()
    for number, job in enumerate(planned, 1):
        row = f'[row {number}/{len(planned)}: {job.name}]'
        todo = record.left([job])
        if not todo:
            print(f'{row} done before')
        for step in todo:
            name = f'{osp.basename(job.folder)} {step.kind} {step.what}'
            log = osp.join(folder, 'logs', f'{name.replace(" ", "_")}.log')
            so_far = timedelta(seconds=round(time.monotonic() - begin))
            print(
                f'{row} {step.kind}: {step.what} (step '
                f'{total - len(left) + 1}/{total}; {so_far} so far, '
                f'{record.time_left(left)}; log {log})',
                flush=True,
            )
            record.write(step, None)
            started = time.monotonic()
            _run_step(step, gpus, log, run)
            record.write(step, time.monotonic() - started)
            left.remove(step)


def _run_step(step: Step, gpus: int, log: str, run: Run) -> None:
    """Run a step; RuntimeError if it fails."""
    env = dict(one.split('=', 1) for one in step.env)
    code = run([sys.executable, *command(step, gpus)], log, env)
    if code != 0:
        raise RuntimeError(
            f'{to_text(step, gpus)}\nended with exit code {code}; '
            f'the end of {log}:\n{last_lines(log, 20)}'
        )
    if not osp.isfile(step.output):
        raise RuntimeError(f'{to_text(step, gpus)}\nleft no {step.output}; see {log}')
