"""The time from the command to a ready data set."""

import re
import subprocess
import sys
import time

from .coco_scale import measure, start_up
from .inputs import ROOT, Inputs
from .measure import Row

IMPORT = """
import time
import numpy
start = time.perf_counter()
import mmboxcaseg
print(time.perf_counter() - start)
"""
HELP = ('tools/train.py', '--help')


def python(*words: str) -> subprocess.CompletedProcess:
    """Run a new Python process in the root of the repository."""
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=True
    )


def rows(inputs: Inputs) -> list[Row]:
    """Measure the import, the help, and the start of the stage-1 data set."""
    importing = min(float(python('-c', IMPORT).stdout) for _ in range(3))
    imported = python('-X', 'importtime', *HELP).stderr
    with_torch = re.search(r'\| +torch$', imported, re.MULTILINE) is not None
    start = time.perf_counter()
    python(*HELP)
    helping = time.perf_counter() - start
    found = measure(start_up, inputs.images)
    return [
        Row('import mmboxcaseg, beyond its dependencies', 's', importing),
        Row('tools/train.py --help: imports torch (1) or not (0)', '', int(with_torch)),
        Row('tools/train.py --help', 's', helping),
        Row(f'annotations of {inputs.images} images to a data set', 's', found.seconds),
        Row(
            'the same, against one without a check of the boxes',
            's',
            found.seconds,
            found.seconds - found.checking,
        ),
        Row('the same, peak memory', 'GB', found.peak / 1e9),
        Row('the same, list of boxes, which workers share', 'MB', found.shared / 1e6),
        Row('the same, memory that each worker adds', 'MB', found.of_worker / 1e6),
    ]
