import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='runs are forked')
def test_killed_at_random_the_result_is_the_same(tmp_path, repo_root):
    tests = repo_root / 'tests'
    environment = dict(
        os.environ,
        PYTHONPATH=os.pathsep.join(
            [str(repo_root), str(tests), os.environ.get('PYTHONPATH', '')]
        ),
    )
    run = subprocess.run(
        [
            sys.executable,
            str(Path(__file__).parents[1] / 'killed_runs.py'),
            str(tmp_path),
            '20',
        ],
        capture_output=True,
        text=True,
        env=environment,
        timeout=900,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    result = json.loads(run.stdout.splitlines()[-1])
    assert result['problems'] == []
    assert result['killed'] >= 20
    # Kills that found some images done and others not.
    assert result['partial'] >= 5, result
