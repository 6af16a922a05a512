import json
import os
import subprocess
import sys

import pytest

from tools.benchmarks.speed import losses, run


def test_help_needs_no_torch(repo_root):
    words = ['-X', 'importtime', 'tools/benchmarks/run_speed.py', '--help']
    out = subprocess.run(
        [sys.executable, *words],
        cwd=repo_root,
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.split('|')[-1].strip() for line in out.stderr.split('\n')}
    assert 'argparse' in imported and 'torch' not in imported


def test_the_old_script_runs_the_new_one(repo_root):
    outs = [
        subprocess.run(
            [sys.executable, f'tools/{script}.py', '--help'],
            cwd=repo_root,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for script in ('benchmarks/run_speed', 'analysis_tools/benchmark/run')
    ]
    assert outs[0] == outs[1] and '--markdown' in outs[0]


def test_table_and_json(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv('OMP_NUM_THREADS', '1')
    monkeypatch.setattr(losses, 'SIZE', 24)
    for name in ('coco_mini', 'duts_tr_mini'):
        (tmp_path / name).mkdir()
    result, table = tmp_path / 'out' / 'b.json', tmp_path / 'b.md'
    run.main(
        [
            '--only',
            'losses',
            '--data',
            str(tmp_path),
            '--json',
            str(result),
            '--markdown',
            str(table),
        ]
    )
    content = json.loads(result.read_text())
    assert content['photos'] == 'COCO 2017 and DUTS-TR'
    assert content['machine']['cores'] == os.cpu_count()
    assert list(content['seconds']) == ['losses']
    (row,) = content['rows']
    assert row['what'] == ('MIL + smoothness loss, forward and backward, 16 x 24 px')
    assert row['ratio'] == pytest.approx(row['plain'] / row['ours'])
    assert table.read_text().count('\n') == 3
    assert 'MIL + smoothness loss' in capsys.readouterr().out


@pytest.mark.parametrize('words', [['--images', '99'], ['--only', 'nothing']])
def test_options_that_are_refused(words, capsys):
    with pytest.raises(SystemExit):
        run.main(words)
    assert words[0] in capsys.readouterr().err
