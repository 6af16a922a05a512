"""What the report says of the IoU to expect."""

import json

import numpy as np
import pytest
from report_files import leave_out_charts, write_report_files

from mmboxcaseg.annotations import read_proxy_masks
from mmboxcaseg.apis.report import make_report
from mmboxcaseg.report import report_masks, report_numbers


@pytest.fixture(autouse=True)
def no_charts(monkeypatch):
    leave_out_charts(monkeypatch)


@pytest.fixture
def root(tmp_path):
    """Thirty masks of which ten are expected to have an IoU of 0.4, ten 0.7
    and ten 0.9; one of the last was given."""
    write_report_files(tmp_path, with_confidence=True)
    change(tmp_path, lambda number: (0.4, 0.7, 0.9)[number % 3])
    return tmp_path


def change(root, iou):
    path = root / 'masks.json'
    content = json.loads(path.read_text())
    anns = [ann for ann in content['annotations'] if not ann.get('iscrowd')]
    assert len(anns) == 30
    for number, ann in enumerate(anns):
        ann['proxy_iou'] = iou(number)
    anns[-1].update(proxy_source='kept', proxy_iou=1.0)
    content['info']['proxy_masks']['calibration'] = dict(
        sha256='0', within=0.03, between=0.0, curve=0.0001
    )
    path.write_text(json.dumps(content))


def page(root):
    out = make_report(str(root / 'masks.json'), str(root / 'img'), str(root / 'report'))
    return ' '.join(open(out, encoding='utf-8').read().split())


def test_mean_interval_and_reviews(root):
    expected = report_numbers(
        report_masks(read_proxy_masks(str(root / 'masks.json')))
    ).expected
    mean = (10 * 0.4 + 10 * 0.7 + 9 * 0.9 + 1) / 30
    assert expected.mean == pytest.approx(mean)
    # Of 29 masks that were predicted.
    half = 1.96 * 29 / 30 * np.sqrt(0.03 / 29 + 0.0001)
    assert expected.interval == pytest.approx((mean - half, mean + half))
    # Each of the first ten brings 0.6 / 30: 0.67, 0.69, ...
    assert expected.reviews == ((0.75, 4), (0.8, 7))
    text = page(root)
    assert '<b>0.67</b><span>expected mean IoU (0.61–0.73)<' in text
    assert (
        'a mean IoU of 0.75 is expected once the 4 masks with the lowest '
        'expected IoU (13 %) have been reviewed; a mean IoU of 0.80 is expected '
        'once the 7 masks with the lowest expected IoU (23 %)' in text
    )
    assert 'A reviewed mask counts as 1' in text


def test_reached_already(root):
    change(root, lambda number: 0.787)
    text = page(root)
    assert 'a mean IoU of 0.75 is reached already; a mean IoU of 0.80' in text
    assert (
        'once the 1 mask with the lowest expected IoU (3 %) has been reviewed' in text
    )


def test_reached_by_the_mean_as_it_is_shown(root):
    """29 masks of 0.739 and one of 1 have a mean of 0.7477, shown as 0.75."""
    change(root, lambda number: 0.739)
    text = page(root)
    assert '<b>0.75</b><span>expected mean IoU' in text
    assert 'a mean IoU of 0.75 is reached already; a mean IoU of 0.80 is exp' in text


def test_nothing_is_expected(tmp_path):
    write_report_files(tmp_path, with_confidence=True)
    assert (
        'expected' not in page(tmp_path).split('<main>')[1].split('class="charts"')[0]
    )
