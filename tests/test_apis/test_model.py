import pytest
import tiny
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import save_checkpoint

from mmboxcaseg.apis import init_model


@pytest.fixture
def files(tmp_path):
    """A config, and weights of its model."""
    path = tmp_path / 'config.py'
    path.write_text(
        "default_scope = 'mmboxcaseg'\n"
        "custom_imports = dict(imports=['tiny', "
        "'mmboxcaseg.models'])\n"
        f'model = {tiny.model_cfg()!r}\n'
    )
    with DefaultScope.overwrite_default_scope('mmboxcaseg'):
        weights = tiny.model(seed=3).state_dict()
    save_checkpoint(dict(state_dict=weights), str(tmp_path / 'model.pth'))
    return str(path), str(tmp_path / 'model.pth'), weights


@pytest.mark.parametrize('scope', ['mmboxcaseg', 'mmdet'])
def test_weights_are_those_of_the_file(files, scope):
    config, checkpoint, weights = files
    with DefaultScope.overwrite_default_scope(scope):
        model = init_model(config, checkpoint, 'cpu')
        again = init_model(Config.fromfile(config), checkpoint, 'cpu')
    assert not model.training
    for one in (model, again):
        found = one.state_dict()
        assert found.keys() == weights.keys()
        assert all(torch.equal(found[name], weights[name]) for name in found)


def test_mistakes(files, tmp_path):
    config, checkpoint, weights = files
    with pytest.raises(FileNotFoundError, match='none.pth'):
        init_model(config, 'none.pth', 'cpu')
    with pytest.raises(FileNotFoundError):
        init_model('none.py', checkpoint, 'cpu')
    part = {name: weights[name] for name in list(weights)[1:]}
    save_checkpoint(dict(state_dict=part), str(tmp_path / 'part.pth'))
    with pytest.raises(ValueError, match='1 weights of the model are missing'):
        init_model(config, str(tmp_path / 'part.pth'), 'cpu')
    unsafe = str(tmp_path / 'unsafe.pth')
    save_checkpoint(dict(state_dict=weights, more=Config), unsafe)
    with pytest.raises(ValueError, match='may run any code'):
        init_model(config, unsafe, 'cpu')
    assert init_model(config, unsafe, 'cpu', allow_unsafe=True)
