import os
import unicodedata

import pytest

from mmboxcaseg.annotations import PhotoFinder
from mmboxcaseg.annotations.photos import files_below
from mmboxcaseg.annotations.resolve import base_name, stays_below


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


NFD = unicodedata.normalize('NFD', 'café.jpg')


@pytest.mark.parametrize(
    'there, name, expected',
    [
        ('a.jpg', 'a.jpg', 'a.jpg'),
        ('a.jpg', './a.jpg', './a.jpg'),
        ('a.jpg', 'b.jpg', None),
        ('a.JPG', 'a.jpg', 'a.JPG'),
        ('A.jpeg', 'a.jpg', 'A.jpeg'),
        ('a.png', 'a.jpg', 'a.png'),
        ('a.jpg', 'a', 'a.jpg'),
        ('a.1.jpg', 'a.1', 'a.1.jpg'),
        ('s/a.jpg', 's\\a.jpg', 's/a.jpg'),
        ('S/a.jpg', 's/A.JPG', 'S/a.jpg'),
        ('my photo.jpg', 'my%20photo.jpg', 'my photo.jpg'),
        ('my%20photo.jpg', 'my%20photo.jpg', 'my%20photo.jpg'),
        (NFD, 'café.jpg', NFD),
        ('café.jpg', NFD, 'café.jpg'),
        (NFD, 'Caf%C3%A9.JPG', NFD),
        ('images/t/a.jpg', 'labels/t/a.jpg', 'images/t/a.jpg'),
        ('labels/a.jpg', 'images/a.jpg', 'labels/a.jpg'),
        ('a.jpg', 'images/a.jpg', 'a.jpg'),
        ('a.jpg', 'img/a.jpg', 'a.jpg'),
        # The same name in another folder is another photo.
        ('val/a.jpg', 'train/a.jpg', None),
        ('val/a.jpg', 'a.jpg', None),
        ('a.txt', 'a.jpg', None),
        ('a.jpg/b', 'a.jpg', None),
        ('.a.jpg', 'A.jpg', None),
        ('a.jpg', '../img/a.jpg', None),
        ('a.jpg', '..%2Fimg%2Fa.jpg', None),
        ('a.jpg', '', None),
    ],
)
def test_find(tmp_path, there, name, expected):
    touch(tmp_path / 'img', there)
    assert PhotoFinder(str(tmp_path / 'img')).find(name) == expected


def test_a_name_that_fits_several_fits_none(tmp_path):
    touch(tmp_path, 'AX.jpg', 'aX.jpg', 'b.png', 'b.bmp', 'c.png', 'C.bmp')
    finder = PhotoFinder(str(tmp_path))
    assert finder.find('ax.jpg') is None
    assert finder.find('AX.jpg') == 'AX.jpg'
    assert finder.find('b.jpg') is None
    # Letter case decides.
    assert finder.find('C.jpg') == 'C.bmp'


@pytest.mark.parametrize(
    'beside, name, expected',
    [
        ('train', 'a.jpg', 'train/a.jpg'),
        ('train/labels', 'b.jpg', 'train/images/b.jpg'),
        ('VOC/Annotations', 'c', 'VOC/JPEGImages/c.jpg'),
    ],
)
def test_beside_the_annotations(tmp_path, beside, name, expected):
    touch(tmp_path, 'train/a.jpg', 'train/images/b.jpg', 'VOC/JPEGImages/c.jpg')
    finder = PhotoFinder(str(tmp_path), str(tmp_path / beside))
    assert finder.find(name) == expected
    assert PhotoFinder(str(tmp_path)).find(name) is None
    # The photos' own folder, annotations above it.
    below = tmp_path / os.path.dirname(expected)
    finder = PhotoFinder(str(below), str(tmp_path / beside))
    assert finder.find(name) == os.path.basename(expected)


def test_blanks_around_a_name(tmp_path):
    touch(tmp_path, 'a.jpg', ' b.jpg')
    finder = PhotoFinder(str(tmp_path))
    assert finder.find(' a.jpg ') == 'a.jpg'
    assert finder.find(' b.jpg') == ' b.jpg'


def test_of_stem(tmp_path):
    touch(tmp_path, 'a.jpg', 'A.png', 'b.JPG', 'b.png', 's/c.jpg', 'd.jpg')
    finder = PhotoFinder(str(tmp_path))
    assert finder.of_stem('a') == ['a.jpg']
    assert finder.of_stem('b') == ['b.JPG', 'b.png']
    assert finder.of_stem('S/C') == ['s/c.jpg']
    assert finder.of_stem('d.jpg') == ['d.jpg']
    assert finder.of_stem('e') == []


def test_nearest(tmp_path):
    touch(tmp_path, 'IMG_0001.jpg', 'IMG_0002.txt', 's/x.jpg')
    finder = PhotoFinder(str(tmp_path))
    assert finder.nearest('IMG_001.jpg') == 'IMG_0001.jpg'
    assert finder.nearest('none/IMG_001.jpg') == 'IMG_0001.jpg'
    assert finder.nearest('s/IMG_001.jpg') is None
    assert finder.nearest('x.jpg') == 's/x.jpg'
    assert finder.nearest('y.jpg') is None


def test_only_what_is_missing_costs_a_listing(tmp_path, monkeypatch):
    touch(tmp_path, 'a.jpg', 'b.jpg')
    listed = []
    real = os.listdir
    monkeypatch.setattr(os, 'listdir', lambda path: listed.append(path) or real(path))
    finder = PhotoFinder(str(tmp_path))
    assert finder.find('a.jpg') == 'a.jpg' and listed == []
    for name in ('c.jpg', 'B.jpg', 'd.jpg'):
        finder.find(name)
    assert len(listed) == 1


def test_names_of_other_systems():
    assert base_name('D:\\shots\\a.jpg') == base_name('/x/a.jpg') == 'a.jpg'
    assert stays_below('a/b..c.jpg') and stays_below('a\\b.jpg')
    for name in ('/a.jpg', 'D:a.jpg', 'a\\..\\b.jpg', '\\a.jpg', 'a\0'):
        assert not stays_below(name)


def test_files_below(tmp_path):
    touch(
        tmp_path / 'f',
        'a.xml',
        'B.XML',
        '._a.xml',
        '.x/a.xml',
        'c.txt',
        '.ipynb_checkpoints/a.xml',
        '__MACOSX/a.xml',
        's/a.xml',
    )
    touch(tmp_path / 'store', 'l.xml')
    # To a folder elsewhere, and in circles.
    os.symlink(tmp_path / 'store', tmp_path / 'f' / 'linked')
    os.symlink(tmp_path / 'f', tmp_path / 'f' / 's' / 'up')
    os.symlink(tmp_path / 'f', tmp_path / 'store' / 'back')
    assert files_below(str(tmp_path / 'f'), '.xml') == [
        'B.XML',
        'a.xml',
        'linked/l.xml',
        's/a.xml',
    ]
