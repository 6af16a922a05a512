"""Whole commands, alone and beside another program.

The plain side is PyTorch with the memory allocator and the threads that its
libraries choose. ``boxcaseg`` now chooses both itself.
"""

import itertools
import json
import os
import os.path as osp
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from mmboxcaseg.process import WAITING, usable_cores

from .inputs import ROOT, Inputs
from .measure import Row, compare, in_fresh_process, in_turn

# Numbers of photos that get masks, and of training steps.
PHOTOS, STEPS = 96, 12
REPEATS = 2
# A training step of the quickstart.
BATCH, SIDE = 16, 96
# What the process settles, as Python to run before: nothing, its allocator, or
# how its threads wait as well.
PLAIN, ALLOCATOR, SETTLED = (
    'from mmboxcaseg import process; '
    'process.prepare = process.keep_freed_memory = lambda *_: {}; ',
    'from mmboxcaseg import process; '
    'process.prepare = lambda: process.keep_freed_memory(); ',
    '',
)
COMMAND = (
    'import sys; from mmboxcaseg.cli.main import main; sys.exit(main(sys.argv[1:]))'
)
# Another program, which is always busy.
COMPETITOR = 'while True: pass'
# Environment variables that would override the choice.
DECISIONS = (
    *WAITING,
    'OMP_NUM_THREADS',
    'MALLOC_MMAP_MAX_',
    'MALLOC_MMAP_THRESHOLD_',
    'MALLOC_TRIM_THRESHOLD_',
    'GLIBC_TUNABLES',
)


@dataclass(frozen=True)
class Case:
    """Conditions of a measurement.

    Attributes:
        name (str): Description of the conditions.
        threads (int | None): Number of threads that the environment sets, if
            it does.
        beside (bool): Whether another program keeps a core busy.
    """

    name: str
    threads: int | None = None
    beside: bool = False


CASES = (
    Case('alone'),
    Case('one thread', threads=1),
    Case('beside another program', beside=True),
)


def rows(inputs: Inputs) -> list[Row]:
    """Measure making masks with the model of the package, and training steps."""
    with tempfile.TemporaryDirectory() as folder:
        photos = Photos(inputs, folder, PHOTOS)
        one = Photos(inputs, folder, 1)
        found = list(itertools.chain(*(mask_rows(photos, case) for case in CASES)))
        found += job_rows(photos) + first_mask_rows(one)
    return found + [row for case in CASES for row in training_rows(case)]


class Photos:
    """The first photos of the inputs, for ``boxcaseg masks``.

    Args:
        inputs (Inputs): Photos and boxes.
        folder (str): Folder to write to.
        count (int): Number of photos.
    """

    def __init__(self, inputs: Inputs, folder: str, count: int) -> None:
        with open(inputs.ann_file, encoding='utf-8') as file:
            coco = json.load(file)
        boxes = [ann for ann in coco['annotations'] if not ann.get('iscrowd')]
        with_boxes = {ann['image_id'] for ann in boxes}
        ids = [one['id'] for one in coco['images'] if one['id'] in with_boxes][:count]
        self.text = (
            f'{sum(ann["image_id"] in set(ids) for ann in boxes)} boxes of '
            f'{len(ids)} photos'
        )
        self._inputs = inputs
        self._ids = osp.join(folder, f'ids_{count}.txt')
        self.out = osp.join(folder, f'masks_{count}.json')
        with open(self._ids, 'w', encoding='utf-8') as file:
            file.writelines(f'{one}\n' for one in ids)

    def words(self, *more: str) -> list[str]:
        """The command line of ``boxcaseg`` that makes their masks."""
        inputs = self._inputs
        return [
            'masks',
            inputs.ann_file,
            inputs.img_dir,
            '--img-ids',
            self._ids,
            '-o',
            self.out,
            '--device',
            'cpu',
            *more,
        ]


def mask_rows(photos: Photos, case: Case) -> list[Row]:
    """Measure making masks; raises ValueError if allocator and threads change
    the masks."""
    made: dict[str, bytes] = {}

    def side(name: str, settings: str, *more: str) -> Callable[[], None]:
        def make() -> None:
            run_command(photos.words(*more), settings, case.threads)
            with open(photos.out, 'rb') as file:
                made[name] = file.read()

        return make

    sides = dict(
        plain=side('plain', PLAIN, '--runtime', 'torch'),
        allocator=side('allocator', ALLOCATOR, '--runtime', 'torch'),
        settled=side('settled', SETTLED, '--runtime', 'torch'),
        default=side('default', SETTLED),
    )
    with competitor() if case.beside else nullcontext():
        ms = in_turn(sides, REPEATS, 0, time.perf_counter)
    if not made['plain'] == made['allocator'] == made['settled']:
        raise ValueError(f'{case.name}: allocator and threads change the masks')
    what = f'masks, {photos.text}, {case.name}'
    return _in_seconds(
        ms,
        [
            (f'{what}, torch', 'settled', 'plain'),
            (f'{what}, torch, sleeping soon against spinning', 'settled', 'allocator'),
            (f'{what}, as it comes', 'default', 'plain'),
        ],
    )


def job_rows(photos: Photos) -> list[Row]:
    """Compare one process for each core with one process for all cores."""
    count = usable_cores()
    if count < 2:
        return []
    made = {}

    def make(*more: str) -> None:
        run_command(photos.words(*more), SETTLED, None)
        with open(photos.out, 'rb') as file:
            made[more] = file.read()

    jobs = ('--jobs', str(count))
    sides = dict(one=make, several=lambda: make(*jobs))
    ms = in_turn(sides, REPEATS, 0, time.perf_counter)
    if made[()] != made[jobs]:
        raise ValueError('--jobs changes the masks')
    what = f'masks, {photos.text}, --jobs {count}, against one process'
    return _in_seconds(ms, [(what, 'several', 'one')])


def first_mask_rows(photo: Photos) -> list[Row]:
    """Measure the time from the command to the masks of one photo."""
    sides = dict(
        plain=lambda: run_command(photo.words('--runtime', 'torch'), PLAIN, None),
        default=lambda: run_command(photo.words(), SETTLED, None),
    )
    ms = in_turn(sides, REPEATS, 1, time.perf_counter)
    what = f'from the command to the file, {photo.text}'
    return _in_seconds(ms, [(what, 'default', 'plain')])


def training_rows(case: Case) -> list[Row]:
    """A training step of the size of the quickstart's."""
    seconds: dict[str, list[float]] = {PLAIN: [], ALLOCATOR: [], SETTLED: []}
    with competitor() if case.beside else nullcontext():
        for _ in range(REPEATS):
            for settings, found in seconds.items():
                with without_decisions(case.threads):
                    found.append(in_fresh_process(train, settings))
    plain, spinning, ours = map(min, seconds.values())
    what = f'training step, MobileNetV2, {BATCH} x {SIDE} px, {case.name}'
    return [
        Row(what, 's', ours, plain),
        Row(f'{what}, sleeping soon against spinning', 's', ours, spinning),
    ]


def train(settings: str) -> float:
    """Train some steps in this process, which has not imported torch.

    Args:
        settings (str): :data:`PLAIN`, :data:`ALLOCATOR` or :data:`SETTLED`.

    Returns:
        float: Median time of a step in seconds.
    """
    if settings != PLAIN:
        from mmboxcaseg.process import keep_freed_memory, prepare

        (prepare if settings == SETTLED else keep_freed_memory)()
    import statistics

    import torch

    from .training_step import batch, build

    model = build('mobilenetv2')
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    inputs, samples = batch((BATCH // 2, BATCH - BATCH // 2), SIDE)
    taken = []
    for _ in range(STEPS):
        start = time.perf_counter()
        optimizer.zero_grad()
        sum(model.loss(inputs, samples).values()).backward()
        optimizer.step()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken[STEPS // 4 :])


def run_command(words: Sequence[str], settings: str, threads: int | None) -> None:
    """Run ``boxcaseg`` in a new process.

    Args:
        words (Sequence[str]): Its command line.
        settings (str): :data:`PLAIN`, :data:`ALLOCATOR` or :data:`SETTLED`.
        threads (int | None): What the environment says of threads.

    Raises:
        RuntimeError: If it fails.
    """
    with without_decisions(threads) as environ:
        done = subprocess.run(
            [sys.executable, '-c', settings + COMMAND, *words],
            cwd=ROOT,
            env=dict(environ),
            capture_output=True,
            text=True,
        )
    # Exit status 3: something was skipped.
    if done.returncode not in (0, 3):
        raise RuntimeError(done.stderr)


@contextmanager
def without_decisions(threads: int | None) -> Iterator[Mapping[str, str]]:
    """Remove the settings of allocator and threads from the environment.

    Args:
        threads (int | None): Number of threads to set, if any.

    Yields:
        Mapping[str, str]: The environment of this process. It is restored
        when the context ends.
    """
    before = {name: os.environ.pop(name) for name in DECISIONS if name in os.environ}
    if threads is not None:
        os.environ['OMP_NUM_THREADS'] = str(threads)
    try:
        yield os.environ
    finally:
        os.environ.pop('OMP_NUM_THREADS', None)
        os.environ.update(before)


@contextmanager
def competitor() -> Iterator[None]:
    """Run another program that keeps a core busy."""
    process = subprocess.Popen([sys.executable, '-c', COMPETITOR])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _in_seconds(
    ms: Mapping[str, float], which: Sequence[tuple[str, str, str]]
) -> list[Row]:
    return [
        Row(row.what, 's', row.ours / 1e3, row.plain / 1e3)
        for row in compare(ms, which)
    ]
