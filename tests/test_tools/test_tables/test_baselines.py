"""The plan of the table of baselines, with commands that only write what
theirs would."""

import json
import os
import statistics
from pathlib import Path

import pytest
from mmengine.config import Config

from tools.benchmarks.tables import baselines

KEYS = ('coco/segm_mAP', 'coco/bbox_mAP', 'coco/bbox_mAP_50')
VOC_KEYS = ('AP25', 'AP50', 'AP70', 'AP75')
# AP25 by method and seed.
AP25 = {'box': [20.0, 21.0, 25.0], 'bbtp-s': [30.0, 34.0, 35.0]}
HEADS = {
    'bbtp': 'BBTPMaskHead',
    'bbtp-s': 'BBTPMaskHead',
    'shapeprop-s': 'ShapePropMaskHead',
}


class FakeRunner:
    """Notes commands and writes their output files."""

    def __init__(self):
        self.commands = []

    def __call__(self, words, log, env):
        words = list(words[1:])
        script = words[2] if words[0] == '-m' else os.path.basename(words[0])
        self.commands.append((script, words, dict(env)))
        options = dict(zip(words, words[1:]))
        if script == 'train.py':
            folder = Path(options['--work-dir'])
            iters = (
                1500 if folder.name == 'detector' or 'boxinst' in str(folder) else 400
            )
            for word in words:
                if word.startswith('train_cfg.max_iters='):
                    iters = word.split('=')[1]
            out = folder / f'iter_{iters}.pth'
        else:
            out = Path(
                options.get('-o')
                or options.get('--out')
                or options.get('--metrics-out')
                or words[2]
            )
        out.parent.mkdir(parents=True, exist_ok=True)
        content = {}
        if script == 'test.py':
            method, seed = out.parts[-3], int(out.parts[-2][4:])
            value = AP25.get(method, [1.0] * 3)[seed]
            content = {**dict.fromkeys(KEYS, 0.123), **dict.fromkeys(VOC_KEYS, value)}
        out.write_text(json.dumps(content))
        return 0


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Function that runs the tool on these options; returns the commands."""
    monkeypatch.chdir(tmp_path)

    def call(*words):
        fake = FakeRunner()
        baselines.main(['--work-dir', 'work', *words], run=fake)
        return fake.commands

    return call


def scripts(commands):
    return [script for script, _, _ in commands]


def settings(words):
    """Options of a command as they are given to the config."""
    return words[words.index('--cfg-options') + 1 :]


def test_table_of_means_and_spreads(run, capsys):
    commands = run('--methods', 'box', 'bbtp-s', '--seeds', '0', '1', '2')
    # Proxy masks for the detector that all share, then a mask part each.
    assert scripts(commands) == [
        'masks',
        'coco_subset.py',
        'train.py',
        *['train.py', 'test.py'] * 6,
    ]
    detector = os.path.abspath('work/detector/iter_1500.pth')
    for script, _, env in commands[3:]:
        if script == 'train.py':
            assert env['MMBOXCASEG_DETECTOR'] == detector
    printed = capsys.readouterr().out
    assert '| Mask R-CNN, filled boxes | B | 3 | 12.3 ± 0.0 | 22.0 ± 2.6 |' in printed
    assert '| BBTP+S | B+S | 3 | 12.3 ± 0.0 | 33.0 ± 2.6 |' in printed
    numbers = json.loads(Path('work/table.json').read_text())
    values = [one['AP25'] for one in numbers[1]['runs']]
    assert values == AP25['bbtp-s']
    assert statistics.stdev(values) == pytest.approx(2.645, abs=1e-3)
    # Nothing is left but another method.
    commands = run('--methods', 'box', 'bbtp-s', 'grabcut', '--seeds', '0')
    assert scripts(commands) == [
        'baseline_masks.py',
        'coco_subset.py',
        'train.py',
        'test.py',
    ]
    assert 'iter_400.pth' in capsys.readouterr().out


def test_every_method_trains_its_mask_part_on_the_same_detector(run):
    Path('given.pth').write_text('')
    commands = run('--seeds', '0', '--detector', 'given.pth')
    trainings = {
        Path(dict(zip(words, words[1:]))['--work-dir']).parent.name: (words, env)
        for script, words, env in commands
        if script == 'train.py'
    }
    assert set(trainings) == set(baselines.NAMES)
    for method in baselines.METHODS:
        words, env = trainings[method.name]
        cfg = Config.fromfile(words[1])
        for setting in settings(words):
            key, value = setting.split('=')
            value = value.split(',') if ',' in value else value
            cfg.merge_from_dict({key: int(value) if value == '0' else value})
        if method.whole:
            assert env == {} and 'custom_hooks' not in cfg
            continue
        assert env['MMBOXCASEG_DETECTOR'] == os.path.abspath('given.pth')
        head = cfg.model.roi_head
        # The detector's weights fit: it knows no extra class.
        assert head.bbox_head.get('num_extra_classes', 0) == 0
        assert head.bbox_head.init_cfg.prefix == 'roi_head.bbox_head.'
        assert 'init_cfg' not in head.mask_head
        (hook,) = cfg.custom_hooks
        assert hook.type == 'mmboxcaseg.FreezeHook'
        trained = ['roi_head.mask_head', 'roi_head.shape_head']
        expected = trained if method.name == 'shapeprop-s' else trained[0]
        assert hook.trained == expected
        # As long as all others, and with their kind of masks.
        assert cfg.train_cfg.max_iters == 400
        assert head.mask_head.type == (
            Config.fromfile(
                Path(baselines.in_repo(method.config))
            ).model.roi_head.mask_head.type
        )


def test_masks_come_from_their_makers(run):
    Path('given.pth').write_text('')
    commands = run(
        '--methods',
        'grabcut',
        'ours',
        'truth',
        '--seeds',
        '0',
        '--detector',
        'given.pth',
    )
    learnt = {}
    for script, words, _ in commands:
        if script == 'train.py':
            name = Path(dict(zip(words, words[1:]))['--work-dir']).parent.name
            learnt[name] = [
                os.path.relpath(one.split('=')[1])
                for one in settings(words)
                if one.startswith('train_dataloader.dataset.ann_file=')
            ]
    assert learnt == {
        'grabcut': ['work/masks/grabcut_voc20.json'],
        'ours': ['work/masks/proxy_voc20.json'],
        # The file of its config.
        'truth': [],
    }


def test_budget(run):
    commands = run(
        '--methods', 'bbtp', 'boxinst', '--seeds', '0', '--max-iters', '60',
        '--detector-iters', '180',
    )  # fmt: skip
    outputs = [
        (words[-1], one)
        for script, words, _ in commands
        if script == 'train.py'
        for one in settings(words)
        if one.startswith(('train_cfg.max_iters', 'model.mask_head.warmup'))
    ]
    assert outputs == [
        ('randomness.seed=0', 'train_cfg.max_iters=180'),
        ('randomness.seed=0', 'train_cfg.max_iters=60'),
        # A ninth, as in its config.
        ('randomness.seed=0', 'model.mask_head.warmup_iters=20'),
        ('randomness.seed=0', 'train_cfg.max_iters=180'),
    ]


@pytest.mark.parametrize(
    'words, message',
    [
        (['--seeds', '1', '1'], '--seeds: a value occurs twice'),
        (['--max-iters', '50'], '--max-iters must be above 50'),
        (['--detector-iters', '100'], '--detector-iters must be above 100'),
        (['--detector', 'gone.pth'], '--detector: no file gone.pth'),
        (['--gpus', '0'], '--gpus must be at least 1'),
    ],
)
def test_options_without_sense(run, capsys, words, message):
    with pytest.raises(SystemExit):
        run(*words)
    assert message in capsys.readouterr().err


def test_instant_help(instant_help):
    assert '--methods' in instant_help('benchmarks/run_baselines')
