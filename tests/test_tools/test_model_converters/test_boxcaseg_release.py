"""The command, and the files it reads and writes."""

import numpy as np
import pytest
import torch
from release_tensors import narrow_release, prefixed, random_release, same_tensors

from mmboxcaseg.registry import MODELS
from tools.model_converters import boxcaseg_release


@pytest.fixture
def release():
    return random_release()


@pytest.fixture
def config(tmp_path):
    narrow_release().dump(tmp_path / 'narrow.py')
    return str(tmp_path / 'narrow.py')


def test_command(release, config, tmp_path, run_tool):
    def command(*args):
        done = run_tool('model_converters/boxcaseg_release', *args)
        assert done.returncode == 0

    paths = [tmp_path / name for name in ('a.pth', 'new/b.pth', 'c.pth')]
    # Their training script leaves a NumPy number in the optimiser's state.
    optimizer = dict(state={}, param_groups=[dict(lr=np.float64(0.1))])
    torch.save(
        dict(epoch=40, state_dict=prefixed(release), optimizer=optimizer), paths[0]
    )
    command(paths[0], paths[1], '--config', config)
    command(paths[1], paths[2], '--config', config, '--reverse')
    ours = torch.load(paths[1], weights_only=True)['state_dict']
    model = MODELS.build(narrow_release().model)
    model.load_state_dict(ours, strict=True)
    back = torch.load(paths[2], weights_only=True)
    assert back['epoch'] == 40
    same_tensors(back['state_dict'], prefixed(release))
    assert not list(tmp_path.rglob('*.partial'))


def test_help_is_instant(instant_help):
    assert '--reverse' in instant_help('model_converters/boxcaseg_release')


def test_numpy_numbers_of_both_major_versions(tmp_path):
    for module in (b'numpy.core.multiarray', b'numpy._core.multiarray'):
        path = tmp_path / 'a.pth'
        torch.save(
            dict(lr=np.float64(0.25), state_dict=dict(a=torch.ones(2))),
            path,
            _use_new_zipfile_serialization=False,
        )
        path.write_bytes(
            path.read_bytes().replace(
                np.float64(0).__reduce__()[0].__module__.encode(), module
            )
        )
        assert module in path.read_bytes()
        weights, rest = boxcaseg_release.load_checkpoint(str(path))
        assert weights['a'].tolist() == [1, 1] and rest == dict(lr=0.25)


def test_bare_state_dict(release, tmp_path):
    torch.save(release, tmp_path / 'final_state.pth')
    weights, rest = boxcaseg_release.load_checkpoint(str(tmp_path / 'final_state.pth'))
    same_tensors(weights, release)
    assert rest == {}


class Code:
    """Pickles as a call that nobody should make."""

    def __reduce__(self):
        return (print, ('this was run',))


def test_wrong_files_are_named(tmp_path, config, capsys):
    path = str(tmp_path / 'a.pth')
    with pytest.raises(FileNotFoundError, match='a.pth does not exist'):
        boxcaseg_release.load_checkpoint(path)
    torch.save(dict(state_dict=dict(a=torch.ones(1)), hyper=Code()), path)
    with pytest.raises(ValueError, match='a.pth holds more than tensors'):
        boxcaseg_release.load_checkpoint(path)
    assert 'this was run' not in capsys.readouterr().out
    for content in (dict(), [1], dict(a=1), dict(state_dict=[1])):
        torch.save(content, path)
        with pytest.raises(ValueError, match='a.pth holds no state_dict'):
            boxcaseg_release.load_checkpoint(path)
    torch.save(dict(a=torch.ones(1)), path)
    with pytest.raises(ValueError, match=r"a.pth: .*unknown keys: \['a'\]"):
        boxcaseg_release.main([path, str(tmp_path / 'b.pth'), '--config', config])
    assert not (tmp_path / 'b.pth').exists()
