"""Running the steps of jobs, which can be stopped and resumed."""

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

# Seconds between two lines about the progress of a step.
HEARTBEAT = 60
# Function of a command, a file for its output and environment variables to add,
# which returns the exit code.
Run = Callable[[Sequence[str], str, Mapping[str, str]], int]
Planned = Sequence[Job]


def command(step: Step, gpus: int) -> list[str]:
    """The words of a step's command after ``python``.

    A step that can be distributed uses all GPUs, and a training that was
    stopped is resumed.
    """
    words = list(step.words)
    if step.train_dir and osp.isfile(osp.join(step.train_dir, 'last_checkpoint')):
        words.append('--resume')
    if gpus == 1 or not step.distributed:
        return words
    # Before --cfg-options, which takes all words after it.
    words[1:1] = ['--launcher', 'pytorch']
    return ['-m', 'torch.distributed.run', f'--nproc_per_node={gpus}', *words]


def to_text(step: Step, gpus: int) -> str:
    """The command of a step as one would type it."""
    return shlex.join([*step.env, 'python', *command(step, gpus)])


class Record:
    """The steps that were started and finished in a work folder.

    A step is done if its command has finished. An existing output file is not
    enough, since a killed process can leave an incomplete file.

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
        """Add a step that was started (``seconds`` is None) or finished."""
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
        """The different steps that are not finished.

        Raises:
            ValueError: If a step was run with other settings.
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
        """Estimate the time of steps from finished steps of the same kinds."""
        known = [self.seconds[step.kind] for step in steps]
        seconds = sum(sum(times) / len(times) for times in known if times)
        words = 'about' if all(known) else 'at least'
        return f'{words} {timedelta(seconds=round(seconds))} left'


def run_logged(words: Sequence[str], log: str, env: Mapping[str, str]) -> int:
    """Run a command with its output in a file, and print its last line now and
    then. Returns its exit code."""
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
                # The process has received the signal too; wait until it ends.
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
    """Run the steps of jobs that are not finished, one after the other.

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
