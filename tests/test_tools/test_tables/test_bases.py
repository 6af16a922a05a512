"""Configs of variants, on base configs of any folder."""

import pytest
from mmengine.config import Config

from tools.benchmarks.tables.bases import FULL, Base, write_config

MINI = 'configs/boxcaseg/mini/mobilenetv2_coco-mini.py'


def test_settings_are_read_as_for_training(tmp_path):
    path = tmp_path / 'base.py'
    path.write_text(
        'a = dict(b=1, c=[1, 2])\n'
        "train_cfg = dict(max_epochs=3, type='EpochBasedTrainLoop'"
        ')\n'
    )
    options = ['a.b=2.5', 'a.c=[3,4]', 'd=None', 'e=text=more']
    base = Base.read(str(path), options)
    assert base.cfg.a == dict(b=2.5, c=[3, 4])
    assert base.cfg.d is None and base.cfg.e == 'text=more'
    assert base.last == 'epoch_3.pth'
    assert base.is_same(str(path))
    other = tmp_path / 'other.py'
    other.write_text("_base_ = './base.py'\nf = 1\n")
    assert not base.is_same(str(other))


def test_an_ablation_of_the_base_itself_is_taken_as_it_is(
    repo_root, tmp_path, monkeypatch
):
    monkeypatch.chdir(repo_root)
    assert write_config(FULL, MINI, [MINI], str(tmp_path)) == MINI
    assert write_config('ema', MINI, [MINI], str(tmp_path)) == (
        'configs/boxcaseg/mini/ablations/mobilenetv2_coco-mini_ema.py'
    )
    assert list(tmp_path.iterdir()) == []


def test_keys_are_put_on_another_base(repo_root, tmp_path, monkeypatch):
    monkeypatch.chdir(repo_root)
    base = tmp_path / 'base.py'
    base.write_text('mine = True\nmodel = dict(test_cfg=dict(a=1))\n')
    config = write_config(
        'flip+no-min-max', str(base), [MINI], str(tmp_path / 'configs')
    )
    cfg = Config.fromfile(config)
    assert cfg.mine and cfg.model.test_cfg == dict(a=1, flip=True, min_max=False)
    with pytest.raises(ValueError, match="no variant 'nonsense': none of"):
        write_config('nonsense', str(base), [MINI], str(tmp_path))
