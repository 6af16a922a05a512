import json

import numpy as np
import pytest

from mmboxcaseg.annotations import read_coco, read_proxy_masks
from mmboxcaseg.annotations.lazy import LazyAnnotations
from mmboxcaseg.proxy_masks import JoinReport
from tools.benchmarks.speed import coco_scale
from tools.benchmarks.speed.inputs import Inputs


@pytest.fixture
def made(tmp_path):
    """Path of a file with the boxes of 30 images."""
    path = str(tmp_path / 'boxes.json')
    coco_scale.write_annotations(path, 30)
    return path


def test_made_annotations_are_as_those_of_coco(made):
    boxes = read_coco(made, with_masks=True)
    assert len(boxes.image_ids) == 30
    assert len(boxes) == round(30 * 860001 / 118287)
    assert boxes.usable.all() and len(boxes.wanted) == 30
    # The annotations of an image do not stand together.
    assert (np.diff(boxes.image_index) < 0).sum() == 2
    for place in range(len(boxes)):
        (polygon,) = boxes.segmentation(place)
        points = np.array(polygon).reshape(-1, 2)
        tight = [*points.min(0), *points.max(0)]
        np.testing.assert_allclose(tight, boxes.boxes[place], atol=0.011)
    with open(made, encoding='ascii') as file:
        assert json.load(file)['annotations'][0]['area'] > 0


def test_made_outlines_are_as_large_and_long_as_those_of_coco():
    outlines = coco_scale.made_outlines()
    sides = [np.sqrt(np.ptp(points, 0).prod()) for points in outlines]
    # Of the annotations of 343 photos of COCO: 54 px, and 22 points.
    assert 45 < np.median(sides) < 65
    assert 18 < np.mean([len(points) for points in outlines]) < 26
    for points in outlines:
        assert (points >= 0).all() and (points <= (640, 480)).all()


def test_steps_make_a_file_of_masks(made, tmp_path):
    steps = coco_scale.make_masks(made)
    assert list(steps) == ['reading', 'writing shards', 'joining']
    assert all(step.seconds > 0 for step in steps.values())
    peaks = [step.peak for step in steps.values()]
    # Peaks can only rise; Python alone takes more than this.
    assert peaks == sorted(peaks) and 1e7 < peaks[0]
    out = str(tmp_path / 'masks.json')
    masks = read_proxy_masks(out)
    boxes = read_coco(made)
    assert masks.boxes.box_ids == boxes.box_ids
    assert masks.boxes.image_ids == boxes.image_ids
    report = JoinReport.read(out)
    assert report.masks == len(boxes) and report.skipped_annotations == ()
    # Outlines fill their boxes, but where a smaller object lies on them.
    assert (masks.agreement > 0.9).mean() > 0.5
    assert masks.confidence is not None


def test_both_sides_of_reading_read(made):
    for read in ('read', 'read_kept', 'read_plainly', 'read_kept_plainly'):
        step = getattr(coco_scale, read)(made)
        assert step.seconds > 0 and step.peak > 1e7
    annotations = read_coco(made).content['annotations']
    # The plain side has put nothing else in place for good.
    assert isinstance(annotations, LazyAnnotations)


def test_a_data_set_is_ready(made):
    found = coco_scale.start_up(made)
    assert found.shared > 100 * len(read_coco(made))
    assert found.seconds > 0 and found.peak > 1e7
    assert 0 <= found.of_worker < found.peak


def test_rows_of_all_steps_in_a_fresh_process(inputs: Inputs):
    rows = coco_scale.rows(inputs)
    assert [row.unit for row in rows] == ['s', 'GB'] * 5
    assert all('727 boxes of 100 photos' in row.what for row in rows[4::2])
    assert all(row.plain > 0 for row in rows[:4])
    # Neither torch nor a library of OpenMMLab is needed.
    assert all(0.01 < row.ours < 0.3 for row in rows[1::2])
