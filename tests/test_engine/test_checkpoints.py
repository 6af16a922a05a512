import os
import pickle

import pytest
import torch
from mmengine.logging import MessageHub
from mmengine.runner import load_checkpoint

from mmboxcaseg.engine import WEIGHTS_ONLY, read_checkpoint


class Touch:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


class Getattr:
    """Asks for a function by name when it is unpickled."""

    def __reduce__(self):
        return getattr, (torch.Tensor, 'numpy')


def model():
    return torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))


def test_what_training_writes_is_read(tmp_path):
    hub = MessageHub('checkpoint')
    hub.update_scalar('train/loss', 0.25)
    hub.update_scalar('train/loss', torch.tensor(0.5))
    path = str(tmp_path / 'model.pth')
    torch.save(
        dict(
            meta=dict(iter=3, seed=0),
            message_hub=hub.state_dict(),
            state_dict=model().state_dict(),
        ),
        path,
    )
    with pytest.raises(pickle.UnpicklingError):
        torch.load(path, weights_only=True)
    net = model()
    content = read_checkpoint(path)
    load_checkpoint(net, f'{WEIGHTS_ONLY}{path}')
    for name, value in net.state_dict().items():
        assert (value == content['state_dict'][name]).all()
    scalars = content['message_hub']['log_scalars']
    assert scalars['train/loss'].mean(2) == pytest.approx(0.375)


@pytest.mark.parametrize('kind', ['call', 'getattr'])
def test_code_is_refused_unless_allowed(tmp_path, kind):
    touched = tmp_path / 'touched'
    thing = Touch(str(touched)) if kind == 'call' else Getattr()
    path = str(tmp_path / 'model.pth')
    torch.save(dict(state_dict=model().state_dict(), meta=thing), path)
    with pytest.raises(
        ValueError,
        match='model.pth is not read: .*may run any code.*--allow-unsafe-checkpoint',
    ):
        read_checkpoint(path)
    with pytest.raises(ValueError, match='is not read'):
        load_checkpoint(model(), f'{WEIGHTS_ONLY}{path}')
    assert not touched.exists()
    assert 'state_dict' in read_checkpoint(path, allow_unsafe=True)
    assert touched.exists() == (kind == 'call')


@pytest.mark.parametrize(
    'content, message',
    [
        (b'', 'is not a complete checkpoint'),
        (b'hello world', 'model.pth'),
        (None, 'is not a complete checkpoint'),
    ],
)
def test_what_is_no_checkpoint(tmp_path, content, message):
    path = tmp_path / 'model.pth'
    if content is None:
        torch.save(model().state_dict(), path)
        content = path.read_bytes()[:-100]
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_checkpoint(str(path))


def test_another_thing_than_weights(tmp_path):
    torch.save([1], tmp_path / 'model.pth')
    with pytest.raises(ValueError, match='contains a list, not a dictionary'):
        read_checkpoint(str(tmp_path / 'model.pth'))
