import pytest
import tiny
from head_scores import write_inputs
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmboxcaseg.registry import HOOKS


@HOOKS.register_module()
class CountingHook(Hook):
    """What the loop tells hooks."""

    calls: list = []

    def before_test_epoch(self, runner):
        self.calls.append('before')

    def after_test_iter(self, runner, batch_idx, data_batch, outputs):
        self.calls.append((batch_idx, len(outputs)))

    def after_test_epoch(self, runner, metrics):
        self.calls.append(metrics)


def runner_of(folder, **changes):
    config, weights = folder / 'config.py', folder / 'model.pth'
    cfg = Config.fromfile(str(config))
    cfg.merge_from_dict(
        dict(work_dir=str(folder / 'work'), load_from=str(weights), **changes)
    )
    return Runner.from_cfg(cfg)


def test_every_head_is_scored_as_by_a_test_of_its_own(tmp_path):
    write_inputs(tmp_path)
    CountingHook.calls.clear()
    runner = runner_of(
        tmp_path,
        custom_hooks=[dict(type='CountingHook')],
        **{'test_cfg.type': 'mmboxcaseg.HeadsTestLoop'},
    )
    before = runner.model.predict_options
    scores = runner.test()
    assert list(scores) == ['weak', 'salient', 'transferred', 'fused']
    assert runner.model.predict_options == before
    started, first, second, flat = CountingHook.calls
    assert (started, first, second) == ('before', (0, 2), (1, 1))
    assert flat['weak/mIoU'] == scores['weak']['mIoU']
    for head, numbers in scores.items():
        expected = runner_of(tmp_path, **{'model.test_cfg.head': head}).test()
        assert numbers == expected
    assert len({numbers['mIoU'] for numbers in scores.values()}) == 4


def test_photos_are_loaded_once(tmp_path, monkeypatch):
    write_inputs(tmp_path)
    runner = runner_of(tmp_path, **{'test_cfg.type': 'mmboxcaseg.HeadsTestLoop'})
    dataset = runner.test_dataloader.dataset
    loaded = []
    prepare = dataset.prepare_data
    monkeypatch.setattr(
        dataset, 'prepare_data', lambda index: loaded.append(index) or prepare(index)
    )
    runner.test()
    assert sorted(loaded) == [0, 1, 2]


def test_only_heads_that_are_there(tmp_path):
    write_inputs(tmp_path, **tiny.only('weak'))
    scores = runner_of(tmp_path, **{'test_cfg.type': 'mmboxcaseg.HeadsTestLoop'}).test()
    assert list(scores) == ['weak', 'fused']
    assert scores['weak'] == scores['fused']


def test_other_models_have_no_heads(tmp_path):
    write_inputs(tmp_path)
    runner = runner_of(tmp_path)
    runner.model = runner.model.backbone
    runner._test_loop = dict(type='mmboxcaseg.HeadsTestLoop')
    with pytest.raises(ValueError, match='only a BoxCaseg .* TinyBackbone'):
        runner.test()
