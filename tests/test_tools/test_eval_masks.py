"""The old name of ``boxcaseg score``."""

import json
import subprocess
import sys

from mask_files import make_files


def test_it_scores_as_before(repo_root, tmp_path):
    script = str(repo_root / 'tools/analysis_tools/eval_masks.py')
    masks, truth = make_files(tmp_path)
    out = tmp_path / 'numbers.json'

    def run(*words):
        return subprocess.run(
            [sys.executable, script, *words], capture_output=True, text=True
        )

    done = run(masks, truth, '--by-size', '--boundary', '--json', str(out))
    assert done.returncode == 0, done.stderr
    assert '| masks | 5 | 100.0 | 45.0 | 48.0 |' in done.stdout
    rows = {row['name']: row for row in json.loads(out.read_text())['rows']}
    assert rows['filled box, small']['instances'] == 5
    done = run(masks, str(tmp_path / 'none.json'))
    assert done.returncode == 1
    assert done.stderr.startswith('eval_masks: error: no annotation file')


def test_help_is_instant(instant_help):
    assert '--json' in instant_help('analysis_tools/eval_masks')
