import pytest

from mmboxcaseg.engine.launch import load_config, parse_cfg_options


def test_options_become_values():
    assert parse_cfg_options([]) == {}
    assert parse_cfg_options(
        ['model.alpha=0.5', 'a.b=[1,2]', 'c=x,y', 'd=None', 'e=True']) == {
            'model.alpha': 0.5,
            'a.b': [1, 2],
            'c': ['x', 'y'],
            'd': None,
            'e': True
        }
    with pytest.raises(ValueError, match="takes KEY=VALUE, got 'model.alpha'"):
        parse_cfg_options(['model.alpha'])


@pytest.mark.parametrize('text, given, expected', [
    ('', None, 'work_dirs/small'),
    ("work_dir = 'mine'", None, 'mine'),
    ("work_dir = 'mine'", 'theirs', 'theirs'),
])
def test_config_with_what_a_command_line_says(tmp_path, text, given, expected):
    path = tmp_path / 'small.py'
    path.write_text(f'model = dict(alpha=0.7, fuse="prob")\n{text}\n')
    cfg = load_config(str(path), ['model.alpha=0.2'], given, 'pytorch')
    assert cfg.model == dict(alpha=0.2, fuse='prob')
    assert cfg.work_dir == expected and cfg.launcher == 'pytorch'


def test_no_config():
    with pytest.raises(FileNotFoundError, match='config none.py does not'):
        load_config('none.py')
