"""Which runtime is taken; what to install where one is missing."""

import importlib.util
import sys

import pytest

from mmboxcaseg.apis import runtime
from mmboxcaseg.apis.default_model import default_onnx
from mmboxcaseg.apis.runtime import choose_onnx, torch_has_gpu


@pytest.fixture
def gpu(monkeypatch):
    """Says whether there is a GPU for PyTorch."""
    found = [False]
    monkeypatch.setattr(runtime, 'torch_has_gpu', lambda: found[0])
    return found


def test_default_model(gpu):
    path = default_onnx()
    assert path is not None
    assert choose_onnx('auto', None, None) == path
    assert choose_onnx('onnx', None, None) == path
    assert choose_onnx('auto', None, None, device='cpu') == path
    assert choose_onnx('torch', None, None) is None
    assert choose_onnx('auto', None, None, ['--precision bf16']) is None
    assert choose_onnx('auto', None, None, device='cuda:1') is None
    gpu[0] = True
    assert choose_onnx('auto', None, None) is None
    assert choose_onnx('auto', None, None, device='cpu') == path
    assert choose_onnx('onnx', None, None) == path


def test_named_models(gpu):
    assert choose_onnx('auto', 'c.py', 'a.pth') is None
    # Whoever takes it says that the other one is missing.
    for half_named in (('c.py', None), (None, 'a.pth')):
        assert choose_onnx('auto', *half_named) is None
    gpu[0] = True
    for name in ('auto', 'onnx'):
        assert choose_onnx(name, None, 'a.onnx') == 'a.onnx'


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (('jax', None, None), "runtime must be one of .* not 'jax'"),
        (('auto', 'c.py', 'a.onnx'), 'give it without a config'),
        (('torch', None, 'a.onnx'), 'a.onnx needs the runtime onnx, not torch'),
        (('onnx', 'c.py', 'a.pth'), 'a.pth is no exported model, .* export-onnx'),
        (('onnx', 'c.py', None), 'c.py is no exported model'),
        (
            ('onnx', None, None, ['--precision bf16']),
            '--precision bf16: only the runtime torch supports that',
        ),
        (('auto', None, 'a.onnx', (), 'cuda'), 'the device cuda: only the runtime'),
    ],
)
def test_what_does_not_go_together(words, message):
    with pytest.raises(ValueError, match=message):
        choose_onnx(*words)


@pytest.fixture
def missing(monkeypatch):
    """Names of packages that are not found."""
    names = set()
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        'find_spec',
        lambda name: None if name in names else find_spec(name),
    )
    return names


def test_without_torch(gpu, missing):
    missing.update(('torch', 'mmcv'))
    assert choose_onnx('auto', None, None) == default_onnx()
    for words, why in (
        (('torch', None, None), 'the runtime torch'),
        (('auto', 'c.py', 'a.pth'), 'a model with a config'),
        (('auto', None, None, ['--cfg-options']), '--cfg-options'),
    ):
        with pytest.raises(
            ImportError, match=f'^{why}: needs torch, mmcv, .*setup_env'
        ):
            choose_onnx(*words)


def test_without_onnx_runtime(gpu, missing):
    missing.add('onnxruntime')
    assert choose_onnx('auto', None, None) is None
    assert choose_onnx('onnx', None, None) == default_onnx()


@pytest.mark.parametrize(
    ('line', 'devices', 'expected'),
    [
        ("cuda: Optional[str] = '12.6'", 2, True),
        ("cuda: Optional[str] = '12.6'", 0, False),
        ('cuda: Optional[str] = None', 2, False),
        ("cuda = '11.8'", 1, True),
    ],
)
def test_gpus_of_torch(monkeypatch, tmp_path, line, devices, expected):
    (tmp_path / 'torch').mkdir()
    (tmp_path / 'torch/__init__.py').write_text('')
    (tmp_path / 'torch/version.py').write_text(f"__version__ = '2'\n{line}\nhip = None")
    spec = importlib.util.spec_from_file_location(
        'torch', tmp_path / 'torch/__init__.py'
    )
    monkeypatch.setattr(importlib.util, 'find_spec', lambda name: spec)
    monkeypatch.setattr(runtime, '_cuda_devices', lambda: devices)
    assert torch_has_gpu() is expected


def test_the_driver_is_asked_without_torch():
    # Whatever it says here, it says it without an error.
    assert runtime._cuda_devices() >= 0 and 'torch' in sys.modules
