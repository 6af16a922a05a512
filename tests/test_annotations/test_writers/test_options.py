"""Which masks are exported, and what makes no sense."""

import json

import pytest
from export_files import export, write_hard_masks

from mmboxcaseg.annotations.writers import FORMATS, WRITERS, ExportOptions
from mmboxcaseg.cli.export import CHOICES
from mmboxcaseg.cli.export import FORMATS as CLI_FORMATS


def test_formats_are_the_same_everywhere():
    assert tuple(WRITERS) == FORMATS == CLI_FORMATS
    assert {'format', 'segmentation', *CHOICES} == set(
        ExportOptions.__dataclass_fields__
    )


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(format='gif'), "format is 'gif'; it must be one of coco, yolo-seg"),
        (dict(format='png', simplify=1), 'png has pixels; leave it out'),
        (dict(format='labelstudio', simplify=1), 'labelstudio has pixels'),
        (dict(segmentation='rle', simplify=1), 'with --segmentation rle coco'),
        (dict(simplify=0), '--simplify is 0; it must be more than 0'),
        (dict(simplify=float('nan')), '--simplify is nan'),
        (dict(format='yolo-seg', segmentation='rle'), 'yolo-seg always has polygons'),
        (dict(min_confidence=60), '--min-confidence is 60; it must be from 0'),
        (dict(min_agreement=-1), '--min-agreement is -1'),
        (dict(min_area=0), '--min-area is 0; it must be 1 or more pixels'),
        (dict(fill_holes=0), '--fill-holes is 0'),
    ],
)
def test_mistakes(options, message):
    with pytest.raises(ValueError, match=message):
        ExportOptions(**options)


@pytest.mark.parametrize(
    'options, ids, left_out',
    [
        (dict(), [10, 11, 12, 13, 14, 15, 90, 91], {}),
        (
            dict(min_confidence=0.65),
            [10, 11, 12, 91],
            {'with confidence below 0.65': 3, 'without a mask': 1},
        ),
        (
            dict(min_agreement=0.6),
            [12, 13, 14, 15, 91],
            {'with agreement below 0.6': 2, 'without a mask': 1},
        ),
        (
            dict(min_area=2),
            [10, 11, 12, 14, 15, 91],
            {'of fewer than 2 pixels': 1, 'without a mask': 1},
        ),
    ],
)
def test_what_is_left_out(tmp_path, options, ids, left_out):
    path = write_hard_masks(tmp_path)
    report = export(path, tmp_path / 'out.json', **options)
    content = json.loads((tmp_path / 'out.json').read_text())
    assert [ann['id'] for ann in content['annotations']] == ids
    assert report.left_out == left_out
    for reason, count in left_out.items():
        assert f'{count} {reason}' in report.summary()


def test_holes_and_parts(tmp_path):
    path = write_hard_masks(tmp_path)
    area = {}
    for name, options in (
        ('none', {}),
        ('holes', dict(fill_holes=1)),
        ('part', dict(largest_part=True)),
    ):
        out = tmp_path / f'{name}.json'
        report = export(path, out, segmentation='rle', **options)
        area[name] = {
            ann['id']: ann['area'] for ann in json.loads(out.read_text())['annotations']
        }
        changed = dict(
            none={},
            holes={'masks got holes filled': [12]},
            part={'masks lost their smaller parts': [11]},
        )[name]
        assert report.changed == changed
    # The hole of 1 pixel, not that of 12; the part of 100 pixels.
    assert area['holes'] == {**area['none'], 12: area['none'][12] + 1}
    assert area['part'] == {**area['none'], 11: 14 * 10 + 16}


@pytest.mark.parametrize('name', FORMATS)
def test_rejected_masks(tmp_path, name):

    def reject(data):
        data['annotations'][0]['proxy_review'] = 'rejected'

    path = write_hard_masks(tmp_path, reject)
    report = export(path, tmp_path / 'out', format=name)
    if name in ('coco', 'cvat'):
        content = json.loads((tmp_path / 'out').read_text())
        assert content['annotations'][0]['proxy_review'] == 'rejected'
        assert report.masks == 6 and 'rejected' not in report.left_out
    else:
        assert report.masks == 5 and report.left_out['rejected'] == 1


def test_scores_that_are_not_there(tmp_path):

    def forget(data):
        for ann in data['annotations']:
            ann.pop('proxy_confidence', None)

    path = write_hard_masks(tmp_path, forget)
    with pytest.raises(ValueError, match='has no "proxy_confidence", so --min'):
        export(path, tmp_path / 'out.json', min_confidence=0.5)
    export(path, tmp_path / 'out', format='png')
    export(path, tmp_path / 'ls.json', format='labelstudio')


def test_photos_that_could_not_be_used(tmp_path):

    def skip(data):
        data['images'][1]['proxy_skipped'] = 'no image'

    path = write_hard_masks(tmp_path, skip)
    report = export(path, tmp_path / 'out', format='yolo-seg')
    assert report.left_out['photos that could not be used'] == 1
    assert [one.name for one in (tmp_path / 'out/labels').iterdir()] == ['1.txt']


def test_a_folder_in_place_of_a_file(tmp_path):
    path = write_hard_masks(tmp_path)
    with pytest.raises(ValueError, match='is a folder; give the path of a file'):
        export(path, tmp_path)
    (file := tmp_path / 'file').write_text('')
    with pytest.raises(
        ValueError, match='--out: .* is a file; give the path of a folder'
    ):
        export(path, file, format='png')
