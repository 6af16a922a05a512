import numpy as np
import pytest

from mmboxcaseg.datasets.transforms import CropBoxes
from mmboxcaseg.prediction.steps import PromptSteps

LOAD, PACK = dict(type='LoadImageFromFile'), dict(type='mmboxcaseg.PackBoxPrompts')


def test_of_a_pipeline():
    steps = PromptSteps.from_pipeline([LOAD, dict(type='CropBoxes', size=10), PACK])
    assert steps == PromptSteps(10)
    crop = dict(type='CropBoxes', size=10, margins=[0, 0.25], grow=0.1)
    steps = PromptSteps.from_pipeline([dict(LOAD, stretch_16bit=True), crop, PACK])
    assert steps == PromptSteps(10, (0, 0.25), 0.1, True)
    image = np.random.default_rng(0).integers(0, 256, (16, 24, 3), dtype=np.uint8)
    boxes = [(2, 3, 12, 9), (4.4, 0.6, 6.5, 2.49)]
    expected = CropBoxes(10, (0, 0.25), 0.1)(dict(img=image, boxes=boxes))
    found = steps.crop(image, boxes)
    for name in ('crops', 'rects', 'windows'):
        assert (getattr(found, name) == expected[name]).all()


@pytest.mark.parametrize(
    ('pipeline', 'message'),
    [
        ([LOAD, PACK], 'is LoadImageFromFile, PackBoxPrompts; for an exported'),
        ([LOAD, dict(type='CropBoxes', fill=0), PACK], 'CropBoxes .* has fill=0'),
        ([LOAD, dict(type='CropBoxes', margins=[-1]), PACK], 'margins is'),
        ([LOAD, dict(type='CropBoxes', grow=-1), PACK], 'grow is'),
    ],
)
def test_that_an_exported_model_can_not_have(pipeline, message):
    with pytest.raises(ValueError, match=message):
        PromptSteps.from_pipeline(pipeline)
