import pytest
from mmengine.config import Config

from mmboxcaseg.engine import launch
from mmboxcaseg.engine.launch import load_config, parse_cfg_options


def test_options_become_values():
    assert parse_cfg_options([]) == {}
    assert parse_cfg_options(
        ['model.alpha=0.5', 'a.b=[1,2]', 'c=x,y', 'd=None', 'e=True']
    ) == {'model.alpha': 0.5, 'a.b': [1, 2], 'c': ['x', 'y'], 'd': None, 'e': True}
    with pytest.raises(ValueError, match="takes KEY=VALUE, got 'model.alpha'"):
        parse_cfg_options(['model.alpha'])


@pytest.mark.parametrize(
    'text, given, expected',
    [
        ('', None, 'work_dirs/small'),
        ("work_dir = 'mine'", None, 'mine'),
        ("work_dir = 'mine'", 'theirs', 'theirs'),
    ],
)
def test_config_with_what_a_command_line_says(tmp_path, text, given, expected):
    path = tmp_path / 'small.py'
    path.write_text(f'model = dict(alpha=0.7, fuse="prob")\n{text}\n')
    cfg = load_config(str(path), ['model.alpha=0.2'], given, 'pytorch')
    assert cfg.model == dict(alpha=0.2, fuse='prob')
    assert cfg.work_dir == expected and cfg.launcher == 'pytorch'


def test_no_config():
    with pytest.raises(FileNotFoundError, match='config none.py does not'):
        load_config('none.py')


def test_options_that_a_config_must_allow(monkeypatch):
    config = Config(
        dict(optim_wrapper=dict(type='OptimWrapper'), auto_scale_lr=dict(enable=False))
    )
    with pytest.raises(ValueError, match='base_batch_size'):
        launch.scale_lr(config, 'my.py')
    config.auto_scale_lr.base_batch_size = 32
    launch.scale_lr(config, 'my.py')
    assert config.auto_scale_lr.enable
    with pytest.raises(ValueError, match='my.py has no default_hooks.visual'):
        launch.draw_results(config, 'my.py', 'pictures')

    monkeypatch.setattr('mmboxcaseg.engine.launch.get_device', lambda: 'cpu')
    with pytest.raises(ValueError, match='needs a GPU'):
        launch.use_amp(config, 'fp16')
    launch.use_amp(config, 'bf16')
    assert config.optim_wrapper == dict(type='BF16OptimWrapper')
    monkeypatch.setattr('mmboxcaseg.engine.launch.get_device', lambda: 'cuda')
    launch.use_amp(config, 'fp16')
    assert config.optim_wrapper == dict(
        type='AmpOptimWrapper', loss_scale='dynamic', dtype='float16'
    )
    config.optim_wrapper.type = 'Other'
    with pytest.raises(ValueError, match="'Other'"):
        launch.use_amp(config, 'bf16')
