"""Examples in docstrings of the package do what they say."""

import doctest
import importlib
import pkgutil

import pytest

import mmboxcaseg.evaluation
import mmboxcaseg.masks
import mmboxcaseg.models.losses
import mmboxcaseg.prediction
import mmboxcaseg.proxy_masks
import mmboxcaseg.report
import mmboxcaseg.visualization

FOLDERS = [
    mmboxcaseg.evaluation,
    mmboxcaseg.masks,
    mmboxcaseg.models.losses,
    mmboxcaseg.prediction,
    mmboxcaseg.proxy_masks,
    mmboxcaseg.report,
    mmboxcaseg.visualization,
]
MODULES = ['mmboxcaseg.models.segmentors.release', 'mmboxcaseg.thresholds'] + [
    f'{folder.__name__}.{module.name}'
    for folder in FOLDERS
    for module in pkgutil.iter_modules(folder.__path__)
    if not module.ispkg
]
# A module that loses its examples is noticed.
WITH_EXAMPLES = {
    'mmboxcaseg.evaluation.instance_iou',
    'mmboxcaseg.evaluation.voc_instance_ap',
    'mmboxcaseg.masks.calibration',
    'mmboxcaseg.masks.iou',
    'mmboxcaseg.masks.isotonic',
    'mmboxcaseg.masks.merge',
    'mmboxcaseg.masks.outlines',
    'mmboxcaseg.masks.parts',
    'mmboxcaseg.masks.rects',
    'mmboxcaseg.masks.rle',
    'mmboxcaseg.masks.scores',
    'mmboxcaseg.masks.thresholds',
    'mmboxcaseg.models.losses.color_pairs_loss',
    'mmboxcaseg.models.losses.fused_pixel_loss',
    'mmboxcaseg.models.losses.mil_loss',
    'mmboxcaseg.models.losses.smoothness_loss',
    'mmboxcaseg.models.segmentors.release',
    'mmboxcaseg.prediction.box_masks',
    'mmboxcaseg.prediction.options',
    'mmboxcaseg.proxy_masks.shards',
    'mmboxcaseg.report.embed',
    'mmboxcaseg.report.numbers',
    'mmboxcaseg.report.review',
    'mmboxcaseg.thresholds',
    'mmboxcaseg.visualization.colors',
    'mmboxcaseg.visualization.pictures',
    'mmboxcaseg.visualization.text',
}


@pytest.mark.parametrize('name', MODULES)
def test_examples(name):
    module = importlib.import_module(name)
    result = doctest.testmod(module)
    assert result.failed == 0
    assert result.attempted or name not in WITH_EXAMPLES
