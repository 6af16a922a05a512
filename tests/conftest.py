"""What all tests share: the real photos, the tools, one thread, one seed."""

import contextlib
import gc
import io
import os
import random
import runpy
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import utils as config_utils
from mmengine.registry import DefaultScope

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope='session')
def repo_root() -> Path:
    """Root of the repository."""
    return ROOT


@pytest.fixture(scope='session')
def shared_data() -> Path:
    """Folder of the real photos; without it the test is skipped.

    It is named by the environment variable MMBOXCASEG_DATA, and holds what
    ``tools/dataset_converters/prepare_mini.py`` writes.
    """
    data = Path(os.environ.get('MMBOXCASEG_DATA', ROOT.parent / 'shared' / 'data'))
    if not (data / 'coco_mini' / 'annotations').is_dir():
        pytest.skip(
            f'no real photos in {data}; set MMBOXCASEG_DATA to the '
            'folder that has coco_mini and duts_tr_mini'
        )
    return data


@pytest.fixture
def instant_help() -> Callable[[str], str]:
    """Function that runs ``--help`` of a script and returns what it prints.

    It takes the script's path below ``tools``, without ``.py``, and fails if
    torch is imported, which would take seconds.
    """

    def run_help(path: str) -> str:
        script = str(ROOT / 'tools' / f'{path}.py')
        code = (
            'import runpy, sys\n'
            f'sys.argv = [{script!r}, "--help"]\n'
            'try:\n'
            f'    runpy.run_path({script!r}, run_name="__main__")\n'
            'except SystemExit:\n'
            '    assert "torch" not in sys.modules\n'
        )
        # The folder of a script is where Python looks first.
        run = subprocess.run(
            [sys.executable, '-c', code],
            env=dict(
                os.environ,
                PYTHONPATH=os.pathsep.join([os.path.dirname(script), str(ROOT)]),
            ),
            capture_output=True,
            text=True,
            check=True,
        )
        return run.stdout

    return run_help


@pytest.fixture
def run_tool(monkeypatch) -> Callable[..., subprocess.CompletedProcess]:
    """Function that runs a script as a command, but in this process.

    So it need not import torch again, which takes seconds. It takes the
    script's path below ``tools``, without ``.py``, and the words after it.
    """

    def run(path: str, *words: object) -> subprocess.CompletedProcess:
        script = str(ROOT / 'tools' / f'{path}.py')
        args = [script, *map(str, words)]
        out, err = io.StringIO(), io.StringIO()
        status = None
        with (
            monkeypatch.context() as patch,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            patch.setattr(sys, 'argv', args)
            # The folder of a script is where Python looks first.
            patch.syspath_prepend(os.path.dirname(script))
            try:
                runpy.run_path(script, run_name='__main__')
            except SystemExit as end:
                status = end.code
        # As Python ends a process.
        if isinstance(status, str):
            err.write(f'{status}\n')
            status = 1
        return subprocess.CompletedProcess(
            args, status or 0, out.getvalue(), err.getvalue()
        )

    return run


@pytest.fixture(scope='session', autouse=True)
def one_thread() -> Iterator[None]:
    """Tests are small: threads would only get into each other's way."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope='session', autouse=True)
def metafiles_read_once() -> Iterator[None]:
    """mmengine reads a hundred files of mmdet for every ``mmdet::`` base."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(config_utils, 'load', lru_cache(config_utils.load))
        yield


@pytest.fixture(scope='session', autouse=True)
def configs_not_formatted() -> Iterator[None]:
    """Formatting the configs that are logged takes most of the time of a short run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            'yapf.yapflib.yapf_api.FormatCode', lambda code, **kwargs: (code, True)
        )
        yield


@pytest.fixture(scope='session', autouse=True)
def imports_not_collected() -> Iterator[None]:
    """Data sets collect garbage when they are built, in all that is loaded."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def seeded() -> None:
    """The same random numbers whichever tests run before."""
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.fixture(scope='module', autouse=True)
def no_default_scope() -> Iterator[None]:
    """Runners leave a default scope behind, which other tests would be in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DefaultScope, '_instance_dict', OrderedDict())
        yield
