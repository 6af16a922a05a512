"""A training of one's own, from boxes to the verdict, on a narrow network."""

import json
import logging
from multiprocessing import active_children

import numpy as np
import pytest
import torch
from mmengine.config import Config
from own_data import write_own_data
from proxy_run import CHANNELS, write_model

from mmboxcaseg.annotations import read_proxy_masks
from mmboxcaseg.apis import (
    BoxCasegInferencer,
    MaskOptions,
    TrainOptions,
    make_proxy_masks,
    train,
)
from mmboxcaseg.cli import main
from mmboxcaseg.engine import own_training
from mmboxcaseg.engine.hooks import StepsHook
from mmboxcaseg.proxy_masks.settings import file_sha256
from mmboxcaseg.training import TrainingFolder, add_masks

pytestmark = pytest.mark.slow

NARROW = (
    'model.backbone.widen_factor=0.25',
    f'model.weak_head.in_channels={CHANNELS}',
    f'model.salient_head.in_channels={CHANNELS}',
    'model.test_cfg.flip=False',
    'train_dataloader.batch_size=4',
    'train_dataloader.sampler.batch_size=4',
    'train_dataloader.dataset.box.pipeline.0.size=32',
    'test_dataloader.dataset.pipeline.1.size=32',
    'val_dataloader.dataset.pipeline.1.size=32',
)
# Of boxes alone, and with salient images.
OWN = ('train_dataloader.sampler.source_ratio=[4]',)
SALIENT = (
    'train_dataloader.sampler.source_ratio=[2,2]',
    'train_dataloader.dataset.salient.pipeline.2.size=32',
)


@pytest.fixture
def options(tmp_path):
    """Function that writes data and gives the options of a short training."""

    def make(iters=4, more=OWN, data=None, **kwargs):
        write_own_data(tmp_path, **(data or {}))
        write_model(tmp_path)
        values = dict(
            ann=str(tmp_path / 'boxes.json'),
            img_dir=str(tmp_path / 'photos'),
            out=str(tmp_path / 'out'),
            start=str(tmp_path / 'model.pth'),
            iters=iters,
            cfg_options=(*NARROW, *more),
            num_workers=0,
            device='cpu',
        )
        return TrainOptions(**dict(values, **kwargs))

    return make


def weights(path):
    return torch.load(path, map_location='cpu', weights_only=True)['state_dict']


def test_whole_way(options, tmp_path, capsys, caplog):
    made = options()
    # What making a model prints.
    capsys.readouterr()
    with caplog.at_level(logging.INFO, 'mmboxcaseg'):
        verdict = train(made)
    out = TrainingFolder(str(tmp_path / 'out'))
    assert verdict == out.verdict() and verdict.iters == 4
    # Three boxes of a photo that was kept aside.
    assert (verdict.photos, verdict.before.boxes) == (1, 3)
    assert [row['iters'] for row in out.scores()] == [1, 2, 3, 4]
    assert verdict.after.agreement == pytest.approx(
        out.scores()[-1]['agreement'], abs=0.05
    )
    assert '33 boxes of 11 photos to train on' in caplog.text
    captured = capsys.readouterr()
    assert 'iterations' not in captured.out
    assert '4/4 iterations: ' in captured.err
    assert (tmp_path / 'out' / 'before_after.png').stat().st_size > 0
    # It has learnt something, and says of what.
    start, trained = (weights(out.model(name)[1]) for name in ('start', 'trained'))
    assert start.keys() == trained.keys()
    assert any(not torch.equal(start[key], trained[key]) for key in start)
    # The salient head has not been trained.
    kept = [key for key in start if key.startswith('salient_head.')]
    assert kept and all(torch.equal(start[key], trained[key]) for key in kept)
    # The config is whole: what it was trained with, from where it lies.
    cfg = Config.fromfile(out.config)
    assert cfg.train_cfg.max_iters == 4 and cfg.load_from.endswith('start.pth')
    # The same again leaves it, something else is refused.
    with caplog.at_level(logging.INFO, 'mmboxcaseg'):
        assert train(options()) == verdict
    assert 'is finished already' in caplog.text
    with pytest.raises(ValueError, match=r'another iters \(4, now 5\)'):
        train(options(iters=5))


def test_stopped_and_gone_on(options, tmp_path, monkeypatch, capsys):
    steps = StepsHook.after_train_iter

    def stop(self, runner, *args, **kwargs):
        if runner.iter == 2:
            raise KeyboardInterrupt
        steps(self, runner, *args, **kwargs)

    monkeypatch.setattr(StepsHook, 'after_train_iter', stop)
    with pytest.raises(KeyboardInterrupt):
        train(options())
    out = TrainingFolder(str(tmp_path / 'out'))
    assert out.verdict() is None and len(out.scores()) == 2
    with pytest.raises(FileNotFoundError, match='run its command again to go on'):
        out.chosen()
    seen = []

    def note(self, runner, *args, **kwargs):
        seen.append(runner.iter)
        steps(self, runner, *args, **kwargs)

    monkeypatch.setattr(StepsHook, 'after_train_iter', note)
    assert train(options()).iters == 4
    # Counted from 0: the third had been saved, though not been scored.
    assert seen == [3]
    assert [row['iters'] for row in out.scores()] == [1, 2, 4]


def test_rounds(options, tmp_path, monkeypatch, caplog, capsys):
    """The second learns from masks of the first's model, and is gone on with."""
    # Masks of an untrained model have any confidence.
    monkeypatch.setattr(
        'mmboxcaseg.apis.training_rounds.add_masks',
        lambda content, masks: add_masks(content, masks, least=0.0),
    )
    steps, seen = StepsHook.after_train_iter, []

    def stop(self, runner, *args, **kwargs):
        seen.append(self.before + runner.iter)
        if len(seen) == 6:
            raise KeyboardInterrupt
        steps(self, runner, *args, **kwargs)

    monkeypatch.setattr(StepsHook, 'after_train_iter', stop)
    made = options(iters=9, rounds=2)
    with pytest.raises(KeyboardInterrupt):
        train(made)
    out = TrainingFolder(str(tmp_path / 'out'))
    first = out.round(1)
    masks = read_proxy_masks(out.at('data', 'round2_masks.json'))
    assert masks.made['checkpoint_sha256'] == file_sha256(first.model('trained')[1])
    with caplog.at_level(logging.INFO, 'mmboxcaseg'):
        assert train(made).iters == 9
    # Four iterations, and five, of which two had been saved.
    assert seen == list(range(9))
    assert [row['iters'] for row in out.scores()] == [1, 2, 3, 4, 5, 7, 8, 9]
    assert '9/9 iterations: ' in capsys.readouterr().err
    # The fewest photos of three boxes that have as many as five batches of four.
    assert len(masks.boxes) == 21
    assert 'round 2 learns from the masks of 21 of 21 boxes' in caplog.text
    cfg, cfg_first = Config.fromfile(out.config), Config.fromfile(first.config)
    assert cfg_first.load_from.endswith('start.pth')
    assert cfg.load_from == f'weights-only:{first.model("trained")[1]}'
    assert cfg.train_dataloader.dataset.box.given_only
    assert not cfg_first.train_dataloader.dataset.box.given_only
    # The salient head is not trained in the first round, but in the second.
    start, middle, end = (
        weights(path)['salient_head.conv.weight']
        for _, path in (
            out.model('start'),
            first.model('trained'),
            out.model('trained'),
        )
    )
    assert torch.equal(start, middle) and not torch.equal(middle, end)


def test_workers_end_with_the_training(options, monkeypatch):
    """If they were left to the garbage collector, it would wait for seconds."""
    alive = []
    export = own_training.export_model

    def note(*args):
        alive.append(active_children())
        export(*args)

    monkeypatch.setattr(own_training, 'export_model', note)
    train(options(iters=2, num_workers=1))
    # The first export is that of the model that the training starts from.
    assert len(alive) == 2 and alive[1] == []


def test_salient_images(options, tmp_path):
    import cv2

    rng = np.random.default_rng(0)
    for name in ('images', 'masks'):
        (tmp_path / 'salient' / name).mkdir(parents=True)
    for number in range(3):
        photo = rng.integers(0, 255, (50, 50, 3), dtype=np.uint8)
        mask = np.zeros((50, 50), np.uint8)
        mask[10:40, 15:35] = 255
        cv2.imwrite(str(tmp_path / f'salient/images/{number}.jpg'), photo)
        cv2.imwrite(str(tmp_path / f'salient/masks/{number}.png'), mask)
    verdict = train(options(iters=2, more=SALIENT, salient=str(tmp_path / 'salient')))
    assert verdict.iters == 2
    out = TrainingFolder(str(tmp_path / 'out'))
    start, trained = (weights(out.model(name)[1]) for name in ('start', 'trained'))
    key = 'salient_head.conv.weight'
    assert not torch.equal(start[key], trained[key])


@pytest.mark.parametrize('rounds', [1, 2])
def test_minutes_become_iterations(options, tmp_path, monkeypatch, rounds):
    monkeypatch.setattr('mmboxcaseg.engine.own_training.PROBE', 7)
    monkeypatch.setattr('mmboxcaseg.engine.own_training.LEAST_ITERS', 3)
    verdict = train(options(iters=None, minutes=1e-6, rounds=rounds))
    noted = TrainingFolder(str(tmp_path / 'out')).noted('budget')
    assert verdict.iters == noted['iters'] == 3 and noted['seconds_per_iter'] > 0


def test_true_masks_are_scored_and_not_learnt_from(options, tmp_path, caplog):
    verdict = train(options(data=dict(masks=True, photos=40), iters=2))
    assert verdict.before.true_masks == verdict.before.boxes == 18
    assert verdict.measure == 'confidence' and verdict.before.miou is not None
    train_json = json.loads((tmp_path / 'out/data/train.json').read_text())
    assert not any('segmentation' in one for one in train_json['annotations'])
    check_masks_say_which_weights(verdict, tmp_path, caplog)


def check_masks_say_which_weights(verdict, tmp_path, caplog):
    out = TrainingFolder(str(tmp_path / 'out'))
    masks = {}
    for improved in (True, False):
        gain = 1.0 if improved else -1.0
        out.note('verdict', dict(verdict.to_json(), gain=gain, measure='mIoU'))
        caplog.clear()
        with caplog.at_level(logging.INFO, 'mmboxcaseg'):
            make_proxy_masks(
                MaskOptions(
                    ann=str(tmp_path / 'boxes.json'),
                    img_dir=str(tmp_path / 'photos'),
                    out=str(tmp_path / f'{improved}.json'),
                    model=out.path,
                    num_workers=0,
                )
            )
        assert ('the trained weights' in caplog.text) is improved
        assert (
            'the weights that the training started from' in caplog.text
        ) is not improved
        masks[improved] = read_proxy_masks(str(tmp_path / f'{improved}.json'))
        name = 'trained' if improved else 'start'
        assert masks[improved].made['checkpoint_sha256']
        infer = BoxCasegInferencer(out.path)
        key = 'weak_head.conv_seg.weight'
        assert torch.equal(
            infer.model.state_dict()[key].half(), weights(out.model(name)[1])[key]
        )
    digests = {one.made['checkpoint_sha256'] for one in masks.values()}
    assert len(digests) == 2


@pytest.mark.parametrize(
    'words, message',
    [
        (['--iters', '0'], '--iters must be at least 1'),
        (['--rounds', '0'], '--rounds must be at least 1, not 0'),
        (['--cfg-options', 'work_dir=x'], 'is given with --out'),
        (['--minutes', '-1'], '--minutes must be a positive number'),
        (['--salient', 'nowhere'], '--salient: no folder nowhere'),
        (['--from', 'nowhere'], 'nowhere does not exist'),
    ],
)
def test_bad_options_are_a_line(options, tmp_path, words, message):
    made = options()
    with pytest.raises(SystemExit) as end:
        main.main(['train', made.ann, made.img_dir, '--out', made.out, *words])
    assert message in str(end.value) and not (tmp_path / 'out').exists()


def test_too_few_boxes_are_refused(options, tmp_path):
    with pytest.raises(ValueError, match='18 boxes can be used'):
        train(options(data=dict(photos=6)))
    assert not (tmp_path / 'out').exists()
