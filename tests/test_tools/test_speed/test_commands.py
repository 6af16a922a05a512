"""Both sides of a command, and what is around them."""

import json
import os
import subprocess

import pytest

from tools.benchmarks.speed import commands
from tools.benchmarks.speed.inputs import Inputs

# In place of the command: what it would find in its process.
PROBE = """
import json, os, sys
from mmboxcaseg import process
process.prepare()
print(json.dumps([os.environ.get(name) for name in sys.argv[1:]]), file=sys.stderr)
sys.exit(1)
"""


@pytest.mark.parametrize(
    ('settings', 'threads', 'expected'),
    [
        (commands.PLAIN, None, [None, None, None]),
        (commands.PLAIN, 1, [None, '1', None]),
        (commands.ALLOCATOR, 1, [None, '1', None]),
        (commands.SETTLED, 1, ['1000', '1', None]),
    ],
)
def test_what_a_side_settles(monkeypatch, settings, threads, expected):
    monkeypatch.setenv('OMP_NUM_THREADS', '7')
    monkeypatch.setenv('MALLOC_MMAP_MAX_', '5')
    monkeypatch.setattr(commands, 'COMMAND', PROBE)
    names = ['GOMP_SPINCOUNT', 'OMP_NUM_THREADS', 'MALLOC_MMAP_MAX_']
    with pytest.raises(RuntimeError) as error:
        commands.run_command(names, settings, threads)
    assert json.loads(str(error.value)) == expected
    assert os.environ['OMP_NUM_THREADS'] == '7'
    assert os.environ['MALLOC_MMAP_MAX_'] == '5'


@pytest.fixture
def runs(monkeypatch):
    """Commands that would be run, of which each writes a file."""
    found = []

    def run(words, settings, threads):
        found.append((words, settings, threads))
        out = words[words.index('-o') + 1]
        with open(out, 'w', encoding='ascii') as file:
            file.write('onnx' if '--runtime' not in words else 'torch')

    monkeypatch.setattr(commands, 'run_command', run)
    monkeypatch.setattr(commands, 'usable_cores', lambda: 2)
    monkeypatch.setattr(commands, 'in_fresh_process', lambda train, settings: 0.5)
    return found


def test_rows_of_all_cases(inputs: Inputs, runs):
    rows = commands.rows(inputs)
    assert [row.unit for row in rows] == ['s'] * 17
    assert all(row.ratio > 0 for row in rows)
    assert sum('beside another program' in row.what for row in rows) == 5
    assert sum('one thread' in row.what for row in rows) == 5
    assert 'of 4 photos' in rows[0].what and 'of 1 photos' in rows[10].what
    torch = [run for run in runs if run[0][-1] == 'torch' and run[2] is None]
    assert {settings for _, settings, _ in torch} == {
        commands.PLAIN,
        commands.ALLOCATOR,
        commands.SETTLED,
    }
    assert any('--jobs' in words for words, *_ in runs)


@pytest.mark.parametrize('changed', [commands.PLAIN, commands.ALLOCATOR])
def test_sides_that_make_other_masks_are_an_error(
    inputs: Inputs, runs, tmp_path, changed
):
    photos = commands.Photos(inputs, str(tmp_path), 2)
    rewritten = commands.run_command

    def run(words, settings, threads):
        rewritten(words, settings, threads)
        if settings == changed:
            with open(photos.out, 'a', encoding='ascii') as file:
                file.write('other')

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(commands, 'run_command', run)
        with pytest.raises(ValueError, match='change the masks'):
            commands.mask_rows(photos, commands.CASES[0])


def test_the_competitor_ends(monkeypatch):
    started = []

    class Popen(subprocess.Popen):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            started.append(self)

    monkeypatch.setattr(commands.subprocess, 'Popen', Popen)
    with pytest.raises(KeyError), commands.competitor():
        assert started[0].poll() is None
        raise KeyError
    assert started[0].returncode is not None


def test_a_training_step_is_trained(monkeypatch):
    monkeypatch.setattr(commands, 'STEPS', 2)
    monkeypatch.setattr(commands, 'BATCH', 4)
    monkeypatch.setattr(commands, 'SIDE', 32)
    assert commands.train(commands.SETTLED) > 0
