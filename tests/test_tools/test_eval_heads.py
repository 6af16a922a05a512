"""eval_heads.py in one process and in two."""

import json
import os
import socket
import subprocess
import sys

import pytest
from head_scores import write_inputs

pytestmark = pytest.mark.slow

HEADS = ('weak', 'salient', 'transferred', 'fused')


OPTIONS = ('--cfg-options', 'test_evaluator.by_size=True')


def test_a_file_of_metrics_for_each_head(run_tool, tmp_path):
    config, weights = write_inputs(tmp_path)
    out = tmp_path / 'scores'
    words = (config, weights, '--out', out, '--work-dir', tmp_path / 'work')
    assert run_tool('analysis_tools/eval_heads', *words, *OPTIONS).returncode == 0
    check(out)


def test_two_processes(repo_root, tmp_path):
    config, weights = write_inputs(tmp_path)
    out = tmp_path / 'scores'
    with socket.socket() as free:
        free.bind(('localhost', 0))
        port = free.getsockname()[1]
    done = subprocess.run(
        [
            *(sys.executable, '-m', 'torch.distributed.run', '--nproc_per_node', '2'),
            *('--master_port', str(port)),
            str(repo_root / 'tools/analysis_tools/eval_heads.py'),
            *(config, weights, '--out', str(out)),
            *('--work-dir', str(tmp_path / 'work')),
            *('--launcher', 'pytorch', *OPTIONS),
        ],
        capture_output=True,
        text=True,
        env=dict(
            os.environ, PYTHONPATH=str(repo_root / 'tests'), CUDA_VISIBLE_DEVICES=''
        ),
    )
    assert done.returncode == 0, done.stderr[-2000:]
    check(out)


def check(out):
    """A file for each head, with all its metrics."""
    assert {path.name for path in out.iterdir()} == {f'{head}.json' for head in HEADS}
    for head in HEADS:
        metrics = json.loads((out / f'{head}.json').read_text())
        # The true masks of these photos are their boxes, of all of them.
        assert metrics['box_mIoU'] == 100 and 0 < metrics['mIoU'] < 100
        assert len(metrics) == 2 * 6 * 4


def test_help_is_instant(instant_help):
    assert '--launcher' in instant_help('analysis_tools/eval_heads')
