"""VOC's files as people have them. A photo is 60 x 40 pixels."""

import pytest
from PIL import Image

from mmboxcaseg.annotations import find_format, read_boxes

# x0 = 11 and x1 = 20, from 1 and both of the box: x = 10, width 10.
OBJECT = (
    '<object><name>thing</name><bndbox><xmin>11</xmin><ymin>6</ymin>'
    '<xmax>20</xmax><ymax>25</ymax></bndbox></object>'
)
BOX = [10, 5, 10, 20]


def photo(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new('RGB', (60, 40)).save(path)


def write(path, name=None, size=('60', '40'), inner=OBJECT):
    path.parent.mkdir(parents=True, exist_ok=True)
    name = '' if name is None else f'<filename>{name}</filename>'
    size = '<size><width>{}</width><height>{}</height></size>'.format(*size)
    path.write_text(f'<annotation>{name}{size}{inner}</annotation>')


def read(folder):
    return read_boxes(str(folder / 'xml'), str(folder / 'img'))


@pytest.mark.parametrize(
    'xml, name, photos, expected',
    [
        ('c', 'c', ['c.jpg'], 'c.jpg'),
        ('c', 'c.jpg', ['c.JPG'], 'c.JPG'),
        ('c', None, ['c.PNG'], 'c.PNG'),
        # Renamed with its photo.
        ('c', 'IMG_1.JPG', ['c.jpg'], 'c.jpg'),
        ('c', 'D:\\shots\\IMG_1.JPG', ['c.jpg'], 'c.jpg'),
        ('c', '/home/me/IMG_1.JPG', ['c.jpg', 'IMG_1.JPG'], 'c.jpg'),
        ('c', '../shots/IMG_1.JPG', ['c.jpg'], 'c.jpg'),
        ('c', '/home/me/IMG_1.JPG', ['IMG_1.JPG'], 'IMG_1.JPG'),
        # What is called so in the same folder is meant ...
        ('c', 'IMG_1.jpg', ['c.jpg', 'IMG_1.jpg'], 'IMG_1.jpg'),
        ('s/c', 'd.jpg', ['s/d.jpg', 's/c.jpg', 'd.jpg'], 's/d.jpg'),
        # ... in another one it is some other photo.
        ('s/c', 'd.jpg', ['s/c.jpg', 'd.jpg'], 's/c.jpg'),
        ('s/c', 'd.jpg', ['s/c.jpg', 't/d.jpg'], 's/c.jpg'),
        ('s/c', 'd.jpg', ['d.jpg'], 'd.jpg'),
        ('Annotations/c', 'c.jpg', ['JPEGImages/c.jpg'], 'JPEGImages/c.jpg'),
        ('c', 'a%20b.jpg', ['a b.jpg'], 'a b.jpg'),
        # Nothing is there: a name below the folder stands for it.
        ('c', 'D:\\shots\\IMG_1.JPG', [], 'IMG_1.JPG'),
        ('c', 'd.jpg', [], 'd.jpg'),
    ],
)
def test_which_photo(tmp_path, xml, name, photos, expected):
    for one in photos:
        photo(tmp_path / 'img' / one)
    write(tmp_path / 'xml' / f'{xml}.xml', name)
    boxes = read(tmp_path)
    assert boxes.file_names == (expected,)
    assert boxes.content['images'][0]['file_name'] == expected
    assert boxes.content['annotations'][0]['bbox'] == BOX


@pytest.mark.parametrize(
    'size', [('60.0', '40.0'), (' 60 ', '4e1'), ('', ''), ('0', '0'), ('60', '0.0')]
)
def test_sizes(tmp_path, size):
    photo(tmp_path / 'img' / 'a.png')
    write(tmp_path / 'xml' / 'a.xml', 'a.png', size)
    assert read(tmp_path).sizes.tolist() == [[40, 60]]


@pytest.mark.parametrize(
    'size',
    [('60.5', '40'), ('nan', '40'), ('6_0', '9'), ('9' * 5000, '40'), ('inf', '40')],
)
def test_sizes_that_are_none(tmp_path, size):
    write(tmp_path / 'xml' / 'a.xml', 'a.png', size)
    with pytest.raises(ValueError, match='must be whole numbers'):
        read(tmp_path)


@pytest.mark.parametrize(
    'encoding',
    [
        'utf-8',
        'utf-16',
        'iso-8859-1',
        'cp1252',
        'gbk',
        'big5',
        'shift_jis',
        'euc_kr',
        'utf-8-sig',
    ],
)
def test_encodings(tmp_path, encoding):
    name = dict(gbk='猫', big5='貓', shift_jis='ねこ', euc_kr='고양이').get(
        encoding, 'ré'
    )
    declared = encoding.replace('-sig', '')
    text = (
        f'<?xml version="1.0" encoding="{declared}"?><annotation>'
        f'<filename>a.jpg</filename><size><width>60</width><height>40'
        f'</height></size>{OBJECT}</annotation>'
    )
    (tmp_path / 'xml').mkdir()
    (tmp_path / 'xml' / 'a.xml').write_bytes(
        text.replace('thing', name).encode(encoding)
    )
    assert read(tmp_path).category_names == (name,)


def test_undeclared_encoding(tmp_path):
    write(tmp_path / 'xml' / 'a.xml')
    path = tmp_path / 'xml' / 'a.xml'
    path.write_bytes(path.read_bytes().replace(b'thing', b'r\xe9'))
    with pytest.raises(ValueError, match='a.xml is not valid XML.*CP1252'):
        read(tmp_path)


CVAT = (
    '<annotations><version>1.1</version><meta><task><size>1</size></task>'
    '</meta><image id="0" name="a.jpg" width="60" height="40"><box '
    'label="thing" xtl="1" ytl="6" xbr="20" ybr="25"/></image>'
    '</annotations>'
)


@pytest.mark.parametrize(
    'text, message',
    [
        (CVAT, "no Pascal VOC file: its <annotations>.* CVAT's own"),
        ('<html><p/></html>', 'no Pascal VOC file: its <html> has no <filename>'),
    ],
)
def test_other_xml(tmp_path, text, message):
    (tmp_path / 'annotations.xml').write_text(text)
    with pytest.raises(ValueError, match=message):
        read_boxes(str(tmp_path), str(tmp_path))


def test_beside_other_files(tmp_path):
    write(tmp_path / 'xml' / 'A.XML', 'a.jpg')
    (tmp_path / 'xml' / 'README.dataset.txt').write_text('# things')
    (tmp_path / 'xml' / '._A.XML').write_bytes(b'\0\5\26\7')
    assert find_format(str(tmp_path / 'xml')) == 'voc'
    assert read(tmp_path).file_names == ('a.jpg',)
    # CVAT's XML beside YOLO's labels.
    (tmp_path / 'yolo').mkdir()
    (tmp_path / 'yolo' / 'annotations.xml').write_text(CVAT)
    (tmp_path / 'yolo' / 'a.txt').write_text('0 0.5 0.5 0.1 0.1')
    assert find_format(str(tmp_path / 'yolo')) == 'yolo'
