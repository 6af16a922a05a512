"""Label Studio's tasks, by rle-pack's rules and by its own SDK."""

import json

import numpy as np
import pytest
from export_files import SIZES, export, hard_masks, write_hard_masks

from mmboxcaseg.annotations.writers.labelstudio import brush_rle


@pytest.fixture
def tasks(tmp_path):
    path = write_hard_masks(tmp_path)
    export(path, tmp_path / 'ls.json', tmp_path / 'photos', format='labelstudio')
    return json.loads((tmp_path / 'ls.json').read_text())


def unpack(code):
    """thi.ng's rle-pack, read bit by bit as its description says."""
    bits = ''.join(f'{one:08b}' for one in code)
    place = 0

    def read(count):
        nonlocal place
        place += count
        return int(bits[place - count : place], 2)

    count, width = read(32), read(5) + 1
    sizes = [read(4) + 1 for _ in range(4)]
    values = []
    while len(values) < count:
        is_run = read(1)
        length = read(sizes[read(2)]) + 1
        values += (
            [read(width)] * length if is_run else [read(width) for _ in range(length)]
        )
    assert len(values) == count
    return np.array(values, np.uint8)


def brushes(tasks):
    return [
        one
        for task in tasks
        for one in task['predictions'][0]['result']
        if one['type'] == 'brushlabels'
    ]


def compare(tasks, decode):
    found = brushes(tasks)
    assert len(found) == 6
    for (image, mask), one in zip(hard_masks(), found, strict=True):
        height, width = SIZES[image]
        values = decode(one['value']['rle']).reshape(height, width, 4)
        assert (values == mask[..., None] * np.uint8(255)).all()


def test_pixels(tasks):
    compare(tasks, unpack)


@pytest.mark.parametrize('value', [False, True])
def test_long_runs(value):
    mask = np.full((300, 301), value)
    assert (unpack(brush_rle(mask)) == 255 * value).all()


def test_scores_and_boxes(tasks):
    first = tasks[0]
    assert first['data'] == dict(
        image='/data/local-files/?d=photos/1.png',
        file_name='1.png',
        lowest_confidence=0,
    )
    # Of 0.9, 0.8, 0.7, 0.6 and the box without a mask.
    assert first['predictions'][0]['score'] == pytest.approx(0.6)
    box = first['predictions'][0]['result'][0]
    assert box['value']['x'] == pytest.approx(4 / 90 * 100)
    assert box['value']['height'] == pytest.approx(15 / 60 * 100)
    assert [one['score'] for one in brushes(tasks)] == pytest.approx(
        [0.9, 0.8, 0.7, 0.6, 0.5, 0.4]
    )


def test_label_studio_sdk(tasks, tmp_path):
    brush = pytest.importorskip('label_studio_sdk.converter.brush')
    compare(tasks, brush.decode_rle)
    from label_studio_sdk.label_interface import LabelInterface

    interface = LabelInterface((tmp_path / 'ls.xml').read_text())
    interface.validate()
    for task in tasks:
        # With predictions it calls itself wrongly.
        assert interface.validate_task(dict(data=task['data']))
        for prediction in task['predictions']:
            assert interface.validate_prediction(prediction)
