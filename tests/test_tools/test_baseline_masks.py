import json
from functools import partial

import pytest
from mask_files import make_files


@pytest.fixture
def run(run_tool):
    return partial(run_tool, 'analysis_tools/baseline_masks')


def test_filled_boxes_of_a_file(run, tmp_path):
    _, truth = make_files(tmp_path)
    out = tmp_path / 'new' / 'boxes.json'
    done = run('box', '--ann', truth, '--out', str(out), '--no-merge')
    assert done.returncode == 0, done.stderr
    assert done.stdout == f'saved {out}\n'
    assert '1/1 images, 5 instances' in done.stderr
    anns = json.loads(out.read_text())['annotations']
    assert [ann.get('proxy_agreement') for ann in anns[5:]] == [None, 0]
    assert [ann['area'] for ann in anns[:5]] == [100] * 5


def test_faults_are_one_line(run, tmp_path):
    _, truth = make_files(tmp_path)
    out = str(tmp_path / 'out.json')
    wrong = ['grabcut', '--img-dir', str(tmp_path), '--ann', truth, '--out']
    done = run(*wrong, out)
    assert done.returncode == 1
    assert done.stderr.startswith('baseline_masks: error: ')
    assert 'a.jpg: No such file or directory' in done.stderr
    done = run(*wrong, out, '--side', '3')
    assert 'a side of at least 8' in done.stderr
    assert run('grabcut', '--ann', 'none.json', '--out', out).returncode == 2
    assert run('grabcut', '--ann', truth, '--out', out).returncode == 2
