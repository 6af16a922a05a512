"""A look at boxes before training, with its numbers by hand."""

import json

import cv2
import numpy as np
import pytest

from mmboxcaseg.apis import check_boxes
from mmboxcaseg.cli.main import main


@pytest.fixture
def folder(tmp_path):
    (tmp_path / 'img').mkdir()
    for name, (height, width) in dict(
        a=(80, 100), turned=(100, 80), b=(80, 100)
    ).items():
        cv2.imwrite(
            str(tmp_path / 'img' / f'{name}.jpg'),
            np.zeros((height, width, 3), np.uint8),
        )
    (tmp_path / 'img' / 'text.jpg').write_text('no photo')
    return tmp_path


def write(folder, names, categories=('cat', 'dog')):
    """A box of 30 x 20 px of each photo, of the first two classes."""
    (folder / 'boxes.json').write_text(
        json.dumps(
            dict(
                images=[
                    dict(id=i, file_name=f'{name}.jpg', width=100, height=80)
                    for i, name in enumerate(names, 1)
                ],
                annotations=[
                    dict(
                        id=i,
                        image_id=i,
                        category_id=1 + i % 2,
                        bbox=[5, 5, 30, 20],
                        area=600,
                        iscrowd=0,
                    )
                    for i in range(1, len(names) + 1)
                ],
                categories=[
                    dict(id=i, name=name) for i, name in enumerate(categories, 1)
                ],
            )
        )
    )
    return str(folder / 'boxes.json'), str(folder / 'img')


def config(folder, num_classes, classes):
    path = folder / 'config.py'
    path.write_text(
        f'model = dict(roi_head=dict(bbox_head=dict(num_classes='
        f'{num_classes})))\ntrain_dataloader = dict(dataset=dict(type='
        f"'mmboxcaseg.ProxyMaskDataset', metainfo=dict(classes={classes})))\n"
    )
    return str(path)


def test_nothing_is_odd(folder):
    report = check_boxes(*write(folder, ['a', 'b']), config(folder, 2, ('dog', 'cat')))
    assert (report.images, report.boxes, report.crowds) == (2, 2, 0)
    assert report.classes == (('cat', 1), ('dog', 1))
    assert report.findings == () and report.errors == ()
    assert not report.skips


def test_photos_that_would_be_skipped(folder):
    report = check_boxes(*write(folder, ['a', 'turned', 'gone', 'text']))
    found = {one.what: one for one in report.findings}
    assert {what: one.count for what, one in found.items()} == {
        'missing photos': 1,
        'unreadable photos': 1,
        'photos whose size differs from the annotations': 1,
    }
    assert found['photos whose size differs from the annotations'].examples == (
        'turned.jpg is 80 x 100, but its annotation says 100 x 80',
    )
    assert report.skips


def test_loose_ends_of_the_config(folder):
    paths = write(folder, ['a', 'b'])
    report = check_boxes(*paths, config(folder, 80, ('cat', 'cow')))
    assert [(one.what, one.examples) for one in report.findings] == [
        ('classes of the file that are not in the config', ('dog',)),
        ('classes of the config without a box in the file', ('cow',)),
    ]
    assert 'model.roi_head.bbox_head.num_classes=80' in report.errors[0]
    report = check_boxes(*paths, config(folder, 1, ('cow',)))
    assert 'none of its classes is in ' in report.errors[0]


def test_the_command(folder, capsys):
    ann, img_dir = write(folder, ['a', 'b'])
    assert main(['check', ann, '--img-dir', img_dir]) == 0
    assert '| cat   |     1 |' in capsys.readouterr().out
    write(folder, ['a', 'gone'])
    assert main(['check', ann, '--img-dir', img_dir]) == 3
    assert '| 1 | missing photos | yes | gone.jpg |' in capsys.readouterr().out
    with pytest.raises(SystemExit) as end:
        main(
            [
                'check',
                ann,
                '--img-dir',
                img_dir,
                '--config',
                config(folder, 3, ('cat', 'dog')),
            ]
        )
    assert 'num_classes=3' in end.value.code and '\n' not in end.value.code


@pytest.mark.parametrize(
    'kind',
    [
        'CocoDataset',
        'mmdet.CocoDataset',
        'ProxyMaskDataset',
        'mmboxcaseg.COCOInstanceDataset',
    ],
)
def test_classes_of_coco_are_the_default_of_a_detector(folder, kind):
    path = folder / 'config.py'
    path.write_text(f'train_dataloader = dict(dataset=dict(type={kind!r}))')
    report = check_boxes(*write(folder, ['a', 'b']), str(path))
    (absent,) = [one for one in report.findings if 'without a box' in one.what]
    # Cats and dogs are in the file.
    assert absent.count == 78


def test_classes_that_are_no_list(folder):
    path = folder / 'config.py'
    path.write_text(
        'train_dataloader = dict(dataset=dict('
        "type='CocoDataset', metainfo=dict(classes=('cat'))))"
    )
    with pytest.raises(ValueError, match="classes='cat' is a string"):
        check_boxes(*write(folder, ['a', 'b']), str(path))


def test_classes_without_boxes_are_counted(folder, capsys):
    ann, img_dir = write(folder, ['a', 'b'], ('cat', 'dog', 'cow', 'hen'))
    assert main(['check', ann, '--img-dir', img_dir]) == 0
    told = capsys.readouterr().out
    assert '| cat' in told and '| dog' in told
    assert 'cow' not in told and 'hen' not in told
    assert told.endswith('\n\n2 of 4 classes have no box\n\nnothing odd\n')
    write(folder, ['a', 'gone'])
    main(['check', ann, '--img-dir', img_dir])
    told = capsys.readouterr().out
    assert 'nothing odd' not in told and 'have no box' not in told
