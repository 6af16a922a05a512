"""Running the steps of a plan, so that they can be stopped and gone on."""
import json
import os
import os.path as osp
import shlex
import subprocess
import sys
import time
from collections import defaultdict
from datetime import timedelta
from typing import Callable, Dict, List, Optional, Sequence

from .plan import DETECTOR_VARIABLE, PlannedRow, Step, distinct
from .setups import REPO_ROOT, Setup, in_repo

# Between two lines that tell how far a step is, in seconds.
HEARTBEAT = 60


def script_words(step: Step) -> List[str]:
    """The script of a step and its arguments."""
    return [in_repo(osp.join('tools', step.script)), *step.arguments]


def variables(step: Step) -> Dict[str, str]:
    """The environment variables that a step needs."""
    return {DETECTOR_VARIABLE: step.detector} if step.detector else {}


def settings(step: Step) -> List[str]:
    """All that the result of a step depends on, as words."""
    return [f'{k}={v}'
            for k, v in variables(step).items()] + script_words(step)


def command(step: Step, gpus: int) -> List[str]:
    """The command of a step as it stands.

    Args:
        step (Step): The step.
        gpus (int): Processes to run it in, if it can be distributed.

    Returns:
        list[str]: Its words. A training that was stopped goes on.
    """
    words = [sys.executable]
    script = script_words(step)
    if gpus > 1 and step.distributed:
        words += ['-m', 'torch.distributed.run', f'--nproc_per_node={gpus}']
        # Before --cfg-options, which would swallow it.
        script[1:1] = ['--launcher', 'pytorch']
    if step.train_dir and osp.isfile(
            osp.join(step.train_dir, 'last_checkpoint')):
        script.append('--resume')
    return words + script


def to_text(step: Step, gpus: int) -> str:
    """The command of a step as one would type it."""
    return shlex.join([
        *(f'{k}={v}' for k, v in variables(step).items()), 'python',
        *command(step, gpus)[1:]
    ])


class Record:
    """The steps that were started and finished in a work folder.

    A step counts as done if its command came to its end, not if its output
    is there: a process that is killed can leave half a file.

    Args:
        path (str): File of JSON lines.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.steps: Dict[str, dict] = {}
        self.seconds: Dict[str, List[float]] = defaultdict(list)
        if osp.isfile(path):
            with open(path, encoding='utf-8') as file:
                for line in file:
                    self._take(json.loads(line))

    def _take(self, entry: dict) -> None:
        self.steps[entry['output']] = entry
        if entry['seconds'] is not None:
            self.seconds[entry['kind']].append(entry['seconds'])

    def write(self, step: Step, seconds: Optional[float]) -> None:
        """Add a step that was started (seconds None) or finished."""
        entry = dict(
            output=step.output,
            kind=step.kind,
            command=settings(step),
            seconds=seconds)
        os.makedirs(osp.dirname(osp.abspath(self.path)), exist_ok=True)
        with open(self.path, 'a', encoding='utf-8') as file:
            file.write(json.dumps(entry) + '\n')
        self._take(entry)

    def is_done(self, step: Step) -> bool:
        """Whether a step has been finished.

        Raises:
            ValueError: If it was run with other settings.
        """
        entry = self.steps.get(step.output)
        if entry is None or (entry['seconds'] is not None
                             and not osp.isfile(step.output)):
            return False
        if entry['command'] != settings(step):
            raise ValueError(
                f'{self.path}: {step.output} was made by\n  '
                f'{shlex.join(entry["command"])}\nwhere it would now be\n  '
                f'{shlex.join(settings(step))}\nGive another --work-dir, '
                'or remove the folder of that file')
        return entry['seconds'] is not None

    def time_left(self, steps: Sequence[Step]) -> str:
        """About how long some steps will take, by those of their kind."""
        known = [self.seconds[step.kind] for step in steps]
        seconds = sum(sum(times) / len(times) for times in known if times)
        left = str(timedelta(seconds=round(seconds)))
        if all(known):
            return f'about {left} left'
        return f'at least {left} left'


def check_bases(folder: str, setup: Setup) -> None:
    """Make sure that the base configs are those of earlier rows.

    Args:
        folder (str): Work folder of the data set.
        setup (Setup): With the digests.

    Raises:
        ValueError: If a config has changed since.
    """
    path = osp.join(folder, 'base_configs.json')
    known = {}
    if osp.isfile(path):
        with open(path, encoding='utf-8') as file:
            known = json.load(file)
    for config, digest in setup.digests.items():
        if known.setdefault(config, digest) != digest:
            raise ValueError(
                f'{config} has changed, or its options have, since rows of '
                f'{folder} were run; give another --work-dir')
    os.makedirs(folder, exist_ok=True)
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(known, file, indent=2)


def run_logged(words: Sequence[str], log: str, env: Dict[str, str]) -> int:
    """Run a command with its output in a file, and tell now and then how
    far it is.

    Args:
        words (Sequence[str]): The command.
        log (str): The file.
        env (dict[str, str]): Environment variables to add.

    Returns:
        int: Its exit code.
    """
    os.makedirs(osp.dirname(osp.abspath(log)), exist_ok=True)
    path = os.pathsep.join([REPO_ROOT, os.environ.get('PYTHONPATH', '')])
    with open(log, 'w', encoding='utf-8') as file:
        process = subprocess.Popen(
            words,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=dict(os.environ, PYTHONPATH=path, **env))
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


def run_rows(planned: Sequence[PlannedRow],
             folder: str,
             gpus: int = 1,
             run: Callable[[Sequence[str], str, dict], int] = run_logged,
             clock: Callable[[], float] = time.monotonic) -> None:
    """Run what is left of some rows, row by row.

    Args:
        planned (Sequence[PlannedRow]): The rows.
        folder (str): Work folder, for the record and the logs.
        gpus (int): Processes for each step that can be distributed. Defaults
            to 1.
        run (Callable): Runs a command with its output in a file and with
            environment variables; for tests.
        clock (Callable): Returns seconds; for tests.

    Raises:
        RuntimeError: If a step fails.
        ValueError: If a step was run before with other settings.
    """
    record = Record(osp.join(folder, 'steps.jsonl'))
    left = [step for step in distinct(planned) if not record.is_done(step)]
    total, begin = len(left), clock()
    for number, one in enumerate(planned, 1):
        row = f'[row {number}/{len(planned)}: {one.row.name}]'
        todo = [step for step in one.steps if not record.is_done(step)]
        if not todo:
            print(f'{row} done before')
        for step in todo:
            name = f'{one.setup.name} {step.kind} {step.what}'
            log = osp.join(folder, 'logs',
                           name.replace(' ', '_').replace(',', '') + '.log')
            so_far = timedelta(seconds=round(clock() - begin))
            print(
                f'{row} {step.kind}: {step.what} (step '
                f'{total - len(left) + 1}/{total}; {so_far} so far, '
                f'{record.time_left(left)}; log {log})',
                flush=True)
            record.write(step, None)
            started = clock()
            code = run(command(step, gpus), log, variables(step))
            if code != 0:
                raise RuntimeError(
                    f'{to_text(step, gpus)}\nended with exit code {code}; '
                    f'the end of {log}:\n{last_lines(log, 20)}')
            if not osp.isfile(step.output):
                raise RuntimeError(
                    f'{to_text(step, gpus)}\nleft no {step.output}; see {log}')
            record.write(step, clock() - started)
            left.remove(step)
