"""Examples in docstrings of the package do what they say."""

import doctest
import importlib
import pkgutil

import pytest

import mmboxcaseg.evaluation
import mmboxcaseg.masks
import mmboxcaseg.models.losses

FOLDERS = [mmboxcaseg.masks, mmboxcaseg.evaluation, mmboxcaseg.models.losses]
MODULES = ['mmboxcaseg.thresholds'] + [
    f'{folder.__name__}.{module.name}'
    for folder in FOLDERS
    for module in pkgutil.iter_modules(folder.__path__)
    if not module.ispkg
]
# A module that loses its examples is noticed.
WITH_EXAMPLES = {
    'mmboxcaseg.evaluation.instance_iou',
    'mmboxcaseg.masks.merge',
    'mmboxcaseg.masks.rects',
    'mmboxcaseg.masks.scores',
    'mmboxcaseg.models.losses.mil_loss',
    'mmboxcaseg.thresholds',
}


@pytest.mark.parametrize('name', MODULES)
def test_examples(name):
    module = importlib.import_module(name)
    result = doctest.testmod(module)
    assert result.failed == 0
    assert result.attempted or name not in WITH_EXAMPLES
