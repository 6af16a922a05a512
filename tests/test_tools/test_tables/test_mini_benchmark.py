"""The plan of the mini benchmark, and its table, with commands that only
write what theirs would."""

import json
import os
import statistics
from pathlib import Path

import pytest
from mmengine.config import Config

from mmboxcaseg.evaluation.mask_scores import MaskScores, ScoreRow
from tools.benchmarks.tables import mini_benchmark

SIZES = ('small', 'medium', 'large')
# Mean IoU of val2017 by variant and seed.
MIOU = {
    'box': [50.0, 50.0, 50.0],
    'paper': [60.0, 62.0, 67.0],
    'oracle+ema': [75.0, 80.0, 85.0],
}


class FakeRunner:
    """Notes commands and writes their output files."""

    def __init__(self):
        self.commands = []

    def __call__(self, words, log, env):
        arguments = words[2:]
        script = os.path.basename(words[1])
        if words[1:3] == ['-m', 'mmboxcaseg.cli']:
            script = arguments[1]
        self.commands.append([script, *arguments])
        options = dict(zip(arguments, arguments[1:]))
        if script == 'train.py':
            iters = 2
            if 'mask_rcnn' in options['--work-dir']:
                assert env['MMBOXCASEG_DETECTOR'].endswith('detector.pth')
                iters = 400
            out = Path(options['--work-dir']) / f'iter_{iters}.pth'
        else:
            out = Path(
                options.get('--json')
                or options.get('--out')
                or options.get('--metrics-out')
                or arguments[1]
            )
        out.parent.mkdir(parents=True, exist_ok=True)
        content = {}
        if script == 'score':
            variant = out.parent.name
            seed = 0
            if out.parents[2].name.startswith('seed'):
                seed = int(out.parents[2].name[4:])
            value = MIOU.get(variant, [1.0] * 3)[seed]
            keys = ('mIoU_star', 'mIoU', 'IoU@50', 'IoU@75', 'boundary_mIoU')
            numbers = {part: dict.fromkeys(keys) for part in SIZES}
            numbers['all'] = dict.fromkeys(keys, value)
            content = MaskScores(
                tuple(
                    ScoreRow('masks', part, None, 1, 1.0, metrics)
                    for part, metrics in numbers.items()
                ),
                spearman=value / 100,
            ).to_json()
        if script == 'test.py':
            content = {
                'coco/segm_mAP': 0.1,
                'coco/segm_mAP_50': 0.2,
                'coco/segm_mAP_75': 0.05,
            }
        out.write_text(json.dumps(content))
        return 0


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Function that runs the tool on these options; returns the commands."""
    monkeypatch.chdir(tmp_path)

    def call(*words):
        fake = FakeRunner()
        mini_benchmark.main(
            ['--work-dir', 'work', '--max-iters', '2', *words], run=fake
        )
        return fake.commands

    return call


def scripts(commands):
    return [command[0] for command in commands]


ONE_TRAINING = [
    'train.py',
    'make_proxy_masks.py',
    'score',
    'make_proxy_masks.py',
    'score',
]


def test_table_of_means_and_spreads(run, capsys):
    commands = run('--variants', *MIOU, '--seeds', '0', '1', '2')
    # The box needs no training, and is the same for every seed.
    assert scripts(commands) == ['baseline_masks.py', 'score'] * 2 + ONE_TRAINING * 6
    seeds = [c[-1] for c in commands if c[0] == 'train.py']
    assert seeds == [f'randomness.seed={n}' for n in (0, 1, 2)] * 2
    assert all(
        'train_cfg.max_iters=2' in c
        for c in commands
        if c[0] in ('train.py', 'make_proxy_masks.py')
    )
    content = json.loads(Path('work/table.json').read_text())
    for row in content['rows']:
        values = MIOU[row['name']]
        assert row['mean']['mIoU*'] == pytest.approx(statistics.mean(values))
        assert row['spread']['mIoU*'] == pytest.approx(statistics.stdev(values))
        assert row['mean']['Spearman'] == pytest.approx(statistics.mean(values))
        assert row['mean']['mask AP'] is None
    printed = capsys.readouterr().out
    assert '| paper | 3 | 63.0 ± 3.6 |' in printed
    assert '- paper: 78.8 % of the IoU@50 of oracle+ema' in printed
    # Columns without a number are not there: sizes and Mask R-CNN here.
    assert '| mIoU S |' not in printed and 'mask AP' not in printed
    assert Path('work/table.md').read_text().startswith('| variant | seeds |')
    # Nothing is left to do but another variant.
    commands = run('--variants', *MIOU, 'fuse-logit', '--seeds', '0')
    assert scripts(commands) == ONE_TRAINING
    assert '| fuse-logit | 1 | 1.0 |' in capsys.readouterr().out


def test_variants_of_the_prediction_share_a_training(run):
    commands = run('--variants', 'object-crops', 'object-crops+flip+margins')
    assert scripts(commands) == ONE_TRAINING + ONE_TRAINING[1:]
    first, second = (commands[1], commands[5])
    assert first[2] == second[2]
    assert first[1].endswith('object-crops.py')
    assert second[1].endswith('object-crops+flip+margins.py')


def test_configs_of_variants_have_all_keys(run):
    run('--variants', 'object-crops+oracle+flip', 'heads-weak')
    cfg = Config.fromfile('work/configs/object-crops+oracle+flip.py')
    dataset = cfg.train_dataloader.dataset
    assert dataset.box.with_mask and cfg.model.test_cfg.flip
    assert dataset.salient.pipeline[2].type == 'RandomObjectPatch'
    cfg = Config.fromfile('work/configs/heads-weak.py')
    assert cfg.model.salient_head is cfg.model.transferred_head is None
    assert dataset.box.pipeline[1].size == 160


def test_second_round_learns_from_the_first(run):
    commands = run('--variants', 'ema+self-training')
    assert scripts(commands) == ONE_TRAINING * 2
    trained = [c[1] for c in commands if c[0] == 'train.py']
    assert [os.path.basename(path) for path in trained] == [
        'mobilenetv2_coco-mini_ema.py',
        'ema+self-training.py',
    ]
    masks = os.path.abspath('work/seed0/masks/ema/train.json')
    assert f'train_dataloader.dataset.box.ann_file={masks}' in commands[5]
    assert '--no-merge' in commands[1] and '--no-merge' not in commands[3]


def test_names_of_trainings():
    trainings = mini_benchmark.trainings
    assert trainings('flip') == ('paper', '')
    assert trainings('ema+flip+oracle') == ('ema+oracle', '')
    assert trainings('self-training') == ('self-training', 'paper')
    # The masks of the first round are predicted by what stands before.
    assert trainings('ema+flip+self-training+margins') == (
        'ema+flip+self-training',
        'ema+flip',
    )
    assert trainings('flip+self-training+flip+ema') == (
        'flip+self-training+ema',
        'flip',
    )


def test_mask_r_cnn_on_the_masks(run, capsys):
    Path('detector.pth').write_text('weights')
    commands = run('--variants', 'truth', 'paper', '--detector', 'detector.pth')
    tail = ['coco_subset.py', 'train.py', 'test.py']
    assert (
        scripts(commands)
        == ['baseline_masks.py', 'score'] * 2 + tail + ONE_TRAINING + tail
    )
    # True masks are all kept.
    thr = 'train_dataloader.dataset.agreement_thr=0.0'
    assert [thr in c for c in commands if c[0] == 'train.py'] == [True, False, False]
    assert '| 10.0 | 20.0 | 5.0 |' in capsys.readouterr().out


def test_parts_about_mask_r_cnn_share_the_masks(run, capsys):
    Path('detector.pth').write_text('weights')
    commands = run(
        '--variants', 'flip', 'flip+weight-confidence', '--detector', 'detector.pth'
    )
    tail = ['coco_subset.py', 'train.py', 'test.py']
    assert scripts(commands) == ONE_TRAINING + tail + tail[1:]
    one, other = (
        c for c in commands if c[0] == 'train.py' and 'mask_rcnn' in ' '.join(c)
    )
    masks = 'train_dataloader.dataset.ann_file=' + os.path.abspath(
        'work/seed0/masks/flip/train_voc20.json'
    )
    assert masks in one and masks in other
    thr = Config.fromfile(one[1]).train_dataloader.dataset.agreement_thr
    dataset = Config.fromfile(other[1]).train_dataloader.dataset
    assert thr == 0.85
    assert (dataset.agreement_thr, dataset.mask_weight) == (0, 'confidence')
    # Each is tested with the very config that it is trained with.
    assert [c[1] for c in commands if c[0] == 'test.py'] == [one[1], other[1]]
    assert capsys.readouterr().out.count('| 10.0 | 20.0 | 5.0 |') == 2


def test_dry_run_runs_nothing(run, capsys):
    assert run('--variants', 'paper', '--dry-run') == []
    printed = capsys.readouterr().out
    assert printed.count('tools/train.py') == 1
    assert printed.count('make_proxy_masks.py') == 2
    assert not Path('work/table.md').exists()


@pytest.mark.parametrize(
    'words, message',
    [
        (['--variants', 'nonsense'], "no variant 'nonsense': none of"),
        (['--variants', 'flip+thr-0.0'], 'thr-0.0 changes .* give --detector'),
        (['--variants', 'paper', 'paper'], '2'),
        (['--detector', 'none.pth'], '2'),
    ],
)
def test_mistakes(run, words, message):
    with pytest.raises(SystemExit, match=message):
        run(*words)


def test_parts_that_change_the_prediction_alone(repo_root):
    folder = repo_root / 'configs' / 'boxcaseg' / 'mini'
    base = 'mobilenetv2_coco-mini'

    def training_part(path):
        cfg = Config.fromfile(path).to_dict()
        for key in ('val_dataloader', 'test_dataloader'):
            del cfg[key]
        del cfg['model']['test_cfg']
        return cfg

    full = training_part(folder / f'{base}.py')
    same = {
        path.stem[len(base) + 1 :]
        for path in (folder / 'ablations').glob('*.py')
        if training_part(path) == full
    }
    assert same == set(mini_benchmark.PREDICTION)
