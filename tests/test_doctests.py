"""Examples in docstrings of the package do what they say."""

import doctest
import importlib
from pathlib import Path

import pytest

import mmboxcaseg

PACKAGE = Path(mmboxcaseg.__file__).resolve().parent
# All modules with an example.
MODULES = sorted(
    '.'.join(path.relative_to(PACKAGE.parent).with_suffix('').parts)
    for path in PACKAGE.rglob('*.py')
    if '>>> ' in path.read_text(encoding='utf-8')
)
# A room that loses its examples is noticed.
ROOMS = {
    'annotations',
    'apis',
    'cli',
    'converters',
    'datasets',
    'engine',
    'evaluation',
    'masks',
    'models',
    'prediction',
    'proxy_masks',
    'report',
    'visualization',
}


@pytest.mark.parametrize('name', MODULES)
def test_examples(name):
    module = importlib.import_module(name)
    result = doctest.testmod(module)
    assert result.failed == 0
    assert result.attempted


def test_rooms_with_examples():
    assert ROOMS <= {name.split('.')[1] for name in MODULES}
