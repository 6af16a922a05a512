import json
import re

import cv2
import numpy as np
import pytest
from report_files import write_report_files

from mmboxcaseg.visualization import DROPPED


@pytest.fixture
def tool(import_tool):
    return import_tool('analysis_tools/proxy_report')


@pytest.fixture
def stats(import_tool):
    return import_tool('analysis_tools/report.stats')


@pytest.fixture
def make(tool, tmp_path):
    """Function that makes the report; returns the page."""
    write_report_files(tmp_path)

    def run(*more, masks='masks.json'):
        tool.main([
            str(tmp_path / masks), '--img-dir',
            str(tmp_path / 'img'), '--out',
            str(tmp_path / 'report'), *more
        ])
        return (tmp_path / 'report' / 'index.html').read_text()

    return run


def test_histogram(stats):
    values = np.array([0, 0.024, 0.025, 0.5, 0.9499, 0.95, 0.95, 0.99, 1])
    counts = stats.histogram(values)
    expected = np.zeros(40, int)
    for value in values:
        # Whole numbers of 1/40, so that no bound is a rounding error away.
        expected[min(int(round(value * 10000)) // 250, 39)] += 1
    assert counts.tolist() == expected.tolist()


def test_share_dropped(stats):
    values = np.array([0.2, 0.75, 0.75, 0.9, 1])
    shares = stats.share_dropped(values, [0, 0.2, 0.21, 0.75, 0.95, 1])
    assert shares.tolist() == [0, 0, 0.2, 0.2, 0.8, 0.8]
    assert list(stats.PAPER_DROPPED.items()) == [(0.75, 0.27), (0.85, 0.49),
                                                 (0.9, 0.64), (0.95, 0.8)]


def test_per_class(stats):
    labels = ['b', 'a', 'a', 'a']
    numbers = stats.per_class(labels, np.array([0.5, 0.9, 0.96, 0.3]), 0.95,
                              np.array([np.nan, 0.5, np.nan, 1]))
    assert list(numbers) == ['a', 'b']
    assert numbers['a'] == pytest.approx(
        dict(count=3, mean=0.72, median=0.9, ignored=2 / 3, iou=0.75))
    assert numbers['b']['iou'] is None


@pytest.mark.parametrize(
    'group, expected',
    [
        # One of each class: 3 before 0 for its area, then 1, 5 before 2.
        ('best', [3, 1, 5]),
        # The median is 0.7: 5 and 1 are 0.1 away, 2 is of a class that is
        # there, of class a 3 and 0 are nearest.
        ('median', [5, 1, 3]),
        ('worst', [4, 2, 1]),
    ])
def test_pick(stats, group, expected):
    labels = ['a', 'b', 'c', 'a', 'a', 'c']
    agreements = np.array([1, 0.8, 0.5, 1, 0.1, 0.6])
    areas = np.array([5, 5, 5, 9, 5, 9])
    assert stats.pick(group, labels, agreements, areas, 0.95, 3) == expected


def test_pick_ignored(stats):
    agreements = np.array([0.95, 0.2, 0.9, 0.4, 0.94, 1])
    areas = np.ones(6)
    labels = ['a'] * 6
    assert stats.pick('ignored', labels, agreements, areas, 0.95,
                      9) == [4, 2, 3, 1]
    two = stats.pick('ignored', labels, agreements, areas, 0.95, 2)
    assert len(two) == 2 and set(two) < {1, 2, 3, 4}
    assert stats.pick('ignored', labels, agreements, areas, 0.1, 9) == []
    assert stats.pick('best', labels, agreements, areas, 0.95,
                      9) == [5, 0, 4, 2, 3, 1]


def test_agreement_bands(stats):
    bands = stats.agreement_bands(
        np.array([0.95, 1, 0.96, 0.949]), np.array([0.2, 0.4, 0.9, 1]))
    assert [(band['low'], band['high'], band['count']) for band in bands
            ] == [(pytest.approx(0.9), pytest.approx(0.95), 1),
                  (pytest.approx(0.95), 1, 3)]
    assert bands[1]['mean'] == pytest.approx(0.5)
    assert (bands[1]['q25'], bands[1]['q75']) == pytest.approx((0.3, 0.65))


def test_page_and_pngs(make, tmp_path):
    page = make('--agreement-thr', '0.8')
    names = ['histogram', 'dropped', 'classes'] + [
        f'gallery_{group}' for group in ('best', 'median', 'worst', 'ignored')
    ]
    for name in names:
        assert cv2.imread(str(tmp_path / 'report' / f'{name}.png')) is not None
    assert len(list((tmp_path / 'report').iterdir())) == len(names) + 1
    anns = json.loads((tmp_path / 'masks.json').read_text())['annotations'][1:]
    scores = [ann['proxy_agreement'] for ann in anns]
    ignored = sum(score < 0.8 for score in scores)
    assert f'<b>{sum(scores) / 30:.3f}</b><span>mean agreement' in page
    assert (f'<b>{100 - 100 * ignored / 30:.1f} %</b><span>kept at 0.8'
            in page)
    assert '1 crowds are not counted' in page and '1.2.3' in page
    # Each picture of the four groups, all 30 in the first three.
    cards = re.findall(r'data-class="(\d+)" data-agreement="([\d.]+)"', page)
    assert len(cards) == 3 * 30 + ignored
    assert sorted(float(score) for _, score in cards[:30]) == sorted(scores)
    assert sum(number == '2' for number, _ in cards[:30]) == 1
    # No name is taken for a tag, and nothing is fetched from anywhere.
    assert '<b>cat</b>' not in page and '&lt;b&gt;cat&lt;/b&gt; (' in page
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert 'mean IoU' not in page


def test_with_true_masks(make, tmp_path, import_tool):
    page = make('--gt', str(tmp_path / 'true.json'))
    assert cv2.imread(str(tmp_path / 'report' / 'iou.png')) is not None
    ious, scores = [], []
    for ann in json.loads(
        (tmp_path / 'masks.json').read_text()).get('annotations')[1:]:
        side = ann['bbox'][3]
        rows = round(ann['proxy_agreement'] * side)
        ious.append(rows / min(rows + 1, side))
        scores.append(ann['proxy_agreement'])
    ranks = [[(sum(b < a for b in values) + sum(b <= a for b in values)) / 2
              for a in values] for values in (ious, scores)]
    rank = np.corrcoef(*ranks)[0, 1]
    assert f'mean IoU {np.mean(ious):.3f}' in page
    assert f'rank correlation {rank:.2f}' in page
    assert page.count('<span>IoU 1.00</span>') > 0


def test_pictures(import_tool, tmp_path):
    gallery = import_tool('analysis_tools/report.gallery')
    anns = write_report_files(tmp_path)
    image = dict(file_name='1.png', height=60, width=90)
    photos = str(tmp_path / 'img')
    kept = gallery.draw_mask(photos, image, anns[1], False)
    hatched = gallery.draw_mask(photos, image, anns[1], True)
    # The box (16, 5, 20, 20) with 10 px around it: columns 6..45, rows 0..34
    # of the photo, 6 times as large.
    assert kept.shape == hatched.shape == (210, 240, 3)
    red = (hatched == DROPPED).all(axis=2)
    assert not (kept == DROPPED).all(axis=2).any()
    rows, columns = np.nonzero(red)
    assert np.abs((rows.min() - 30, rows.max() - 149, columns.min() - 60,
                   columns.max() - 179)).max() <= 2
    # An empty mask leaves the box alone.
    empty = gallery.draw_mask(photos, image, dict(anns[1], segmentation=[]),
                              True)
    assert not (empty == DROPPED).all(axis=2).any()


@pytest.mark.parametrize('change, ann', [
    (dict(file_name='none.png'), {}),
    (dict(file_name='empty.png'), {}),
    (dict(file_name='text.png'), {}),
    (dict(height=61), {}),
    ({}, dict(bbox=[0, 0, -3, 5])),
])
def test_pictures_that_cannot_be_drawn(import_tool, tmp_path, change, ann):
    gallery = import_tool('analysis_tools/report.gallery')
    anns = write_report_files(tmp_path)
    (tmp_path / 'img' / 'empty.png').write_text('')
    (tmp_path / 'img' / 'text.png').write_text('no picture')
    image = dict(dict(file_name='1.png', height=60, width=90), **change)
    if 'height' in change:
        ann = dict(segmentation=dict(size=[61, 90], counts=[61 * 90]))
    drawn = gallery.draw_mask(
        str(tmp_path / 'img'), image, dict(anns[1], **ann), False)
    assert drawn.shape == (210, 280, 3)
    # Grey with letters on it.
    assert (drawn[0] == 222).all() and drawn.min() < 60
    assert (drawn[..., :1] == drawn).all()


@pytest.mark.parametrize('change, message', [
    (lambda data: data['annotations'][1].pop('proxy_agreement'),
     'annotation 100 has no "proxy_agreement"'),
    (lambda data: data['annotations'][1].update(proxy_agreement=1.5),
     'annotation 100 has no "proxy_agreement"'),
    (lambda data: data.update(annotations=[]), 'no annotation has a mask'),
])
def test_files_of_another_kind(make, tmp_path, change, message):
    data = json.loads((tmp_path / 'masks.json').read_text())
    change(data)
    (tmp_path / 'other.json').write_text(json.dumps(data))
    with pytest.raises(SystemExit, match=message):
        make(masks='other.json')
    assert not (tmp_path / 'report').exists()


@pytest.mark.parametrize('args, message', [
    (('--gt', 'none.json'), 'no file none.json'),
    (('--agreement-thr', '95'), 'must be from 0 to 1'),
    (('--num', '0'), 'must be at least 1'),
])
def test_mistakes(make, capsys, args, message):
    with pytest.raises(SystemExit):
        make(*args)
    assert message in capsys.readouterr().err


def test_help_is_instant(instant_help):
    assert '--agreement-thr' in instant_help('analysis_tools/proxy_report')
