"""The plans of the ablations, run by a function that only writes files."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mmboxcaseg.evaluation.mask_scores import MaskScores, ScoreRow
from tools.benchmarks.tables import ablation

BOXCASEG = dict.fromkeys(
    ('mIoU_star', 'IoU@50', 'IoU@75', 'box_mIoU_star', 'box_IoU@50', 'box_IoU@75'), 50.0
)
DETECTION = {
    'coco/segm_mAP': 0.123,
    'coco/segm_mAP_50': 0.25,
    'coco/segm_mAP_75': 0.1,
    'AP50': 24.0,
    'AP75': 9.0,
}
# Share and mIoU of the masks kept and ignored by each threshold.
KEPT = {0.75: (60.0, 55.0), 0.85: (30.0, 65.0), 0.9: (20.0, 70.0)}
IGNORED = {0.75: (40.0, 20.0), 0.85: (70.0, 30.0), 0.9: (80.0, 35.0)}


def proxy_scores(thresholds):
    """Scores of proxy masks with these thresholds."""
    rows = [('all', None, (100.0, 40.0))]
    for thr in thresholds:
        rows += [
            ('kept', thr, KEPT.get(thr, (10.0, 75.0))),
            ('ignored', thr, IGNORED.get(thr, (90.0, 38.0))),
        ]
    return MaskScores(
        tuple(
            ScoreRow('masks', part, thr, 10, share, dict(mIoU=iou))
            for part, thr, (share, iou) in rows
        )
    ).to_json()


class FakeRun:
    """Writes what each command of the plan would, and remembers it."""

    def __init__(self, fail_at=None):
        self.commands = []
        self.detectors = set()
        self.fail_at = fail_at

    def __call__(self, words, log, env):
        self.commands.append(words[1:])
        self.detectors.add(env.get('MMBOXCASEG_DETECTOR'))
        Path(log).parent.mkdir(parents=True, exist_ok=True)
        Path(log).write_text('all is well\n')
        script = name_of(words[1:])
        if self.fail_at and any(self.fail_at in word for word in words):
            Path(log).write_text('the disk is full\n')
            return 3
        option = dict(zip(words, words[1:]))
        if script == 'train.py':
            folder = Path(option['--work-dir'])
            folder.mkdir(parents=True, exist_ok=True)
            for name in ('iter_800.pth', 'iter_400.pth', 'iter_1500.pth'):
                (folder / name).write_text('weights')
        elif script == 'test.py':
            self.write(
                option['--metrics-out'], DETECTION if 'rcnn' in words[3] else BOXCASEG
            )
        elif script == 'make_proxy_masks.py':
            self.write(option['--out'], {})
        elif script == 'score':
            first = words.index('--agreement-thr') + 1
            thresholds = map(float, words[first : words.index('--json')])
            self.write(option['--json'], proxy_scores(thresholds))
        else:
            self.write(words[3], {})
        return 0

    @staticmethod
    def write(path, content):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(json.dumps(content))

    def scripts(self):
        return [name_of(words) for words in self.commands]


def name_of(words):
    """The script of a command, or the subcommand of boxcaseg."""
    if words[:2] == ['-m', 'mmboxcaseg.cli']:
        return words[2]
    return os.path.basename(words[0])


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path, monkeypatch):
    monkeypatch.setenv('MMBOXCASEG_DATA', '/data')
    monkeypatch.chdir(tmp_path)


def run(*words, **kwargs):
    fake = FakeRun(**kwargs)
    ablation.main([*words, '--work-dir', 'work'], run=fake)
    return fake


def table(name):
    with open(f'work/{name}.json', encoding='utf-8') as file:
        return json.load(file)


def test_heads_are_trained_and_alpha_is_not(capsys):
    first = run('4', '--mini')
    assert first.scripts() == ['train.py', 'test.py'] * 5
    assert [row['from'] for row in table('mini/table4')] == ['own training'] * 4 + [
        'full model'
    ]
    # The full model is there, and alpha is its own at 0.7.
    second = run('6', '--mini')
    assert second.scripts() == ['test.py'] * 6
    checkpoint = os.path.join('work', 'mini', 'boxcaseg', 'full', 'iter_800.pth')
    assert {words[2] for words in second.commands} == {checkpoint}
    configs = [os.path.basename(words[1]) for words in second.commands]
    assert configs == [f'alpha-{a}.py' for a in (0.0, 0.3, 0.4, 0.5, 0.6, 1.0)]
    rows = {row['row']: row for row in table('mini/table6')}
    assert rows['0.3']['from'] == "full model's checkpoint"
    assert rows['0.7']['from'] == 'full model'
    assert rows['0.3']['paper']['IoU@50'] == 83.0
    assert rows['0.3']['ours']['IoU@50'] == 50.0
    # Trained on their own, the ends are trainings of Table 4.
    third = run('6', '--mini', '--retrain')
    assert third.scripts() == ['train.py', 'test.py'] * 4
    printed = capsys.readouterr().out
    assert (
        "| 0.3 | 50.0 | 71.7 | 50.0 | 83.0 | 50.0 | 55.7 | full model's checkpoint |"
    ) in printed
    assert '[row 7/7: 1.0] done before' in printed


def test_heads_of_one_checkpoint():
    Path('given.pth').write_text('weights')
    fake = run('4', '--mini', '--no-retrain', '--checkpoint', 'given.pth')
    assert fake.scripts() == ['test.py'] * 5
    assert {words[2] for words in fake.commands} == {'given.pth'}


def test_failure_and_going_on(capsys):
    words = ['5', '--mini', '--rows', 'RS', '8:8', '9:7']
    with pytest.raises(SystemExit, match='(?s)code 3.*the disk is full'):
        run(*words, fail_at='ratio-8-8')
    folder = Path('work/mini/boxcaseg/ratio-8-8')
    folder.mkdir()
    (folder / 'last_checkpoint').write_text('iter_400.pth')
    # Half a checkpoint of a training that was killed while it wrote.
    (folder / 'iter_800.pth').write_text('wei')
    fake = run(*words)
    assert fake.scripts() == ['train.py', 'test.py'] * 2
    assert fake.commands[0][-1] == '--resume'
    assert '--resume' not in fake.commands[2]
    assert [row['from'] for row in table('mini/table5')] == [
        'own training',
        'own training',
        'full model',
    ]
    assert '[row 1/3: RS] done before' in capsys.readouterr().out


def test_proxy_masks_and_thresholds(capsys):
    first = run('7', '--mini')
    # The three rows share BoxCaseg, the true masks and the detector, which
    # is trained on merged masks.
    assert first.scripts() == [
        'train.py',
        'make_proxy_masks.py',
        'coco_subset.py',
        'coco_subset.py',
        'score',
        'make_proxy_masks.py',
        'coco_subset.py',
        'score',
        'train.py',
        *('train.py', 'test.py') * 3,
    ]
    second = run('8', '--mini', '--rows', '0.0', '0.75', '0.85', '0.95')
    # 0.0 and 0.85, the mini set's own, are rows of Table 7.
    assert second.scripts() == ['train.py', 'test.py'] * 2
    folders = [
        os.path.basename(words[words.index('--work-dir') + 1])
        for words in second.commands[::2]
    ]
    assert folders == [f'full_merged_thr-{t}' for t in (0.75, 0.95)]
    detector = str(Path('work/mini/detector/iter_1500.pth').resolve())
    assert second.detectors == {detector, None}
    rows = {row['row']: row for row in table('mini/table8')}
    assert rows['0.0']['ours'] == {
        'dropped': 0.0,
        'AP': pytest.approx(12.3),
        'mIoU of the kept proxy masks': 40.0,
    }
    assert rows['0.75']['ours']['dropped'] == 40.0
    assert rows['0.75']['ours']['mIoU of the kept proxy masks'] == 55.0
    assert rows['0.75']['paper']['dropped'] == 27.0
    # All of the paper's thresholds are scored, whichever rows are run.
    assert rows['0.95']['ours']['dropped'] == 90.0
    assert [w[2] for w in first.commands if w[1] == 'mmboxcaseg.cli'] == ['score'] * 2
    assert rows['0.95']['from'] == 'full model, mask head trained'
    printed = capsys.readouterr().out
    assert '| 0.85 | 70.0 | 49.0 | 12.3 | 30.4 | 65.0 |' in printed
    assert '| coco none | 12.3 | 28.6 | 25.0 | 51.3 | 10.0 | 28.2 |' in printed
    assert 'AP: best is 0.0 and 0.75 and 0.85 and 0.95, in the paper 0.95.' in printed


def test_salient_images():
    fake = run('3', '--mini', '--rows', '100', 'all')
    assert fake.scripts()[:2] == ['duts_single.py', 'train.py']
    draw, train = fake.commands[:2]
    assert draw[1:] == [
        '/data/duts_tr_mini/',
        'work/mini/salient/duts_single_100.txt',
        '--subset',
        '100',
        '--no-check',
    ]
    names = Path('work/mini/salient/duts_single_100.txt').resolve()
    assert f'train_dataloader.dataset.salient.ann_file={names}' in train
    # Each row has masks and a mask head of its own, on one detector.
    assert fake.scripts().count('make_proxy_masks.py') == 2
    assert len(fake.detectors) == 2
    assert table('mini/table3')[0]['ours']['AP50'] == 24.0
    assert table('mini/table3')[0]['from'] == ('own training, mask head trained')
    with pytest.raises(SystemExit, match='row 4701: .*exclude-synsets'):
        run('3', '--rows', '100', '4701')


def test_other_settings_are_refused():
    words = ['4', '--mini', '--rows', 'weak']
    run(*words)
    with pytest.raises(SystemExit, match='has changed, or its options have'):
        run(*words, '--stage1-options', 'model.alpha=0.2')
    Path('given.pth').write_text('weights')
    run('6', '--mini', '--rows', '0.3')
    with pytest.raises(SystemExit, match='was made by(?s:.)*given.pth'):
        run('6', '--mini', '--rows', '0.3', '--checkpoint', 'given.pth')


@pytest.mark.parametrize(
    'words, message',
    [
        (['4', '--rows', 'all', 'none'], r"not \['none'\]"),
        (['3', '--mini', '--rows', '4701'], 'on the mini data has the rows'),
        (['5', '--retrain'], 'for tables 4 and 6'),
        (['7', '--checkpoint', 'x.pth'], 'for one data set'),
        (['8', '--detector', 'x.pth'], '--detector is for --mini'),
        (['8', '--checkpoint', 'x.pth'], '--checkpoint: no file x.pth'),
        (['4', '--gpus', '0'], 'at least 1'),
        (['4', '--stage1-options', 'max_iters'], "KEY=VALUE, got 'max_iters'"),
        (['9'], 'invalid choice: 9'),
    ],
)
def test_mistakes_in_the_command_line(capsys, words, message):
    with pytest.raises(SystemExit) as error:
        ablation.main(words)
    assert error.value.code == 2
    assert re.search(message, capsys.readouterr().err)


def test_dry_run_in_two_processes(capsys):
    ablation.main(['4', '--rows', 'weak', '--dry-run', '--gpus', '2', '--seed', '5'])
    train, test = [
        line
        for line in capsys.readouterr().out.splitlines()
        if line.startswith('python ')
    ]
    assert '--nproc_per_node=2' in train and 'train.py --launcher' in train
    assert 'hrnet_w48_voc_heads-weak.py' in train
    assert 'val_evaluator=None randomness.seed=5' in train
    assert 'iter_42250.pth' in test and 'seed' not in test
    assert not Path('work_dirs').exists()


def test_help_is_quick(repo_root):
    """It needs neither torch nor any OpenMMLab package."""
    code = (
        'import runpy, sys\n'
        'for name in ("torch", "mmengine", "mmcv", "mmdet", "mmseg"):\n'
        '    sys.modules[name] = None\n'
        'sys.argv = ["run_ablation.py", "--help"]\n'
        'runpy.run_path("tools/benchmarks/run_ablation.py",\n'
        '               run_name="__main__")'
    )
    # The folder of a script is where Python looks first.
    done = subprocess.run(
        [sys.executable, '-c', code],
        cwd=repo_root,
        env=dict(os.environ, PYTHONPATH='tools/benchmarks'),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert '--dry-run' in done.stdout


@pytest.mark.parametrize('folder', ['analysis_tools', 'benchmarks'])
@pytest.mark.parametrize('name', ['run_ablation', 'mini_benchmark', 'summarize_run'])
def test_commands_have_an_old_and_a_new_place(repo_root, folder, name):
    script = repo_root / 'tools' / folder / f'{name}.py'
    done = subprocess.run(
        [sys.executable, str(script), '--help'], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert f'python tools/benchmarks/{name}.py' in done.stdout
