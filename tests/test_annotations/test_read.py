import json

import numpy as np
import pytest
from PIL import Image

from mmboxcaseg.annotations import SkippedFile, find_format, read_boxes
from mmboxcaseg.annotations.photos import check_photo_folder

OBJECT = (
    '<object><name>{}</name><difficult>1</difficult><pose>Left</pose>'
    '<bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax>'
    '<ymax>{}</ymax></bndbox></object>'
)


def write_photo(path, width=60, height=40, orientation=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    tags = Image.Exif()
    if orientation:
        tags[0x112] = orientation
    Image.new('RGB', (width, height)).save(path, exif=tags)


def write_voc(path, *objects, size='', name=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    if size:
        size = '<size><width>{}</width><height>{}</height></size>'.format(*size)
    name = f'<filename>{name}</filename>' if name else ''
    path.write_text(
        '<annotation>'
        + name
        + size
        + ''.join(OBJECT.format(*one) for one in objects)
        + '</annotation>'
    )


def test_voc(tmp_path):
    xml, img = tmp_path / 'xml', tmp_path / 'img'
    img.mkdir()
    write_voc(
        xml / 'b.xml',
        ('dog', 1, 1, 60, 40),
        ('cat', 11.5, 3, 20, 9),
        size=(60, 40),
        name='photo.jpg',
    )
    # Neither name nor size: the photo tells.
    write_voc(xml / 'sub' / 'a.xml', ('dog', 2, 2, 2, 2), size=(0, 0))
    write_photo(img / 'sub' / 'a.png', 30, 20)
    write_voc(xml / 'c.xml', ('bird', 2, 2, 9, 9))
    assert find_format(str(xml)) == 'voc'
    boxes = read_boxes(str(xml), str(img))
    data = boxes.content
    assert data['images'] == [
        dict(id=1, file_name='photo.jpg', height=40, width=60),
        dict(id=2, file_name='sub/a.png', height=20, width=30),
    ]
    assert data['categories'] == [dict(id=1, name='cat'), dict(id=2, name='dog')]
    extra = dict(iscrowd=0, pose='Left', difficult=1)
    # Both corners belong to a box, and the first pixel is 1.
    assert data['annotations'] == [
        dict(id=1, image_id=1, category_id=2, bbox=[0, 0, 60, 40], **extra),
        dict(id=2, image_id=1, category_id=1, bbox=[10.5, 2, 9.5, 7], **extra),
        dict(id=3, image_id=2, category_id=2, bbox=[1, 1, 1, 1], **extra),
    ]
    (skip,) = boxes.left_out
    assert skip.file == 'c.xml'
    assert 'c.jpg: No such file' in skip.reason


@pytest.mark.parametrize(
    'text, message',
    [
        ('<annotation>', 'a.xml is not valid XML'),
        ('', 'a.xml is not valid XML'),
        ('<a><size><width>x</width></size></a>', 'must be whole numbers'),
        (
            '<a><size><width>5</width><height>5</height></size><object/></a>',
            'an <object> has no <name>',
        ),
        (
            '<a><size><width>5</width><height>5</height></size>'
            + OBJECT.format('cat', 1, 2, 'x', 4)
            + '</a>',
            "object 'cat' are .*'x'",
        ),
        (
            '<a><filename>../a.jpg</filename><size><width>5</width><height>5'
            '</height></size></a>',
            '"file_name" of image 1 is',
        ),
    ],
)
def test_broken_voc(tmp_path, text, message):
    (tmp_path / 'a.xml').write_text(text)
    with pytest.raises(ValueError, match=message):
        read_boxes(str(tmp_path), str(tmp_path))


def write_yolo(folder, **files):
    for name, text in files.items():
        path = folder / f'{name.replace("__", "/")}.txt'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_yolo(tmp_path):
    txt, img = tmp_path / 'labels', tmp_path / 'img'
    write_yolo(
        txt,
        b='1 0.5 0.5 1 1\n\n0 0.25 0.25 0.1 0.2 0.75\n',
        sub__a='',
        gone='0 0.5 0.5 1 1',
    )
    write_photo(img / 'b.jpg')
    # Stored lying on its side, shown upright.
    write_photo(img / 'sub' / 'a.jpeg', 30, 20, orientation=6)
    (tmp_path / 'data.yaml').write_text('names: [cat, dog]')
    assert find_format(str(txt)) == 'yolo'
    boxes = read_boxes(str(txt), str(img))
    data = boxes.content
    assert data['images'] == [
        dict(id=1, file_name='b.jpg', height=40, width=60),
        dict(id=2, file_name='sub/a.jpeg', height=30, width=20),
    ]
    assert data['categories'] == [dict(id=0, name='cat'), dict(id=1, name='dog')]
    one, two = data['annotations']
    assert one == dict(id=1, image_id=1, category_id=1, bbox=[0, 0, 60, 40], iscrowd=0)
    np.testing.assert_allclose(two.pop('bbox'), (12, 6, 6, 8))
    assert two == dict(id=2, image_id=1, category_id=0, iscrowd=0, score=0.75)
    assert boxes.left_out == (SkippedFile('gone.txt', 'no photo gone.*'),)


@pytest.mark.parametrize(
    'name, text, expected',
    [
        ('classes.txt', 'cat\ndog\n', ['cat', 'dog']),
        ('data.yaml', 'names: {0: cat, 1: 5}', ['cat', '5']),
        (None, '', ['1']),
    ],
)
def test_names_of_yolo_classes(tmp_path, name, text, expected):
    folder = tmp_path / 'data' / 'labels' / 'train'
    write_yolo(folder, a='1 0.5 0.5 1 1')
    write_photo(tmp_path / 'img' / 'a.png')
    paths = [None]
    if name:
        for place in (tmp_path / 'data', tmp_path):
            (place / name).write_text(text)
        paths.append(str(tmp_path / name))
    for path in paths:
        boxes = read_boxes(str(folder), str(tmp_path / 'img'), classes=path)
        assert list(boxes.category_names) == expected
        assert [one['name'] for one in boxes.content['categories']] == expected


@pytest.mark.parametrize(
    'line, message',
    [
        ('0 0.5 0.5 1', r"a.txt:1: '0 0.5 0.5 1' is neither a class number"),
        ('cat 0.5 0.5 1 1', 'a.txt:1'),
        ('0 0.1 0.1 0.2 0.2 0.3 0.3', 'a.txt:1'),
        ('7 0.5 0.5 1 1', r'class 7 has no name; .* the classes \[0\]'),
    ],
)
def test_broken_yolo(tmp_path, line, message):
    write_yolo(tmp_path / 'labels', a=line)
    (tmp_path / 'classes.txt').write_text('cat')
    write_photo(tmp_path / 'img' / 'a.png')
    with pytest.raises(ValueError, match=message):
        read_boxes(str(tmp_path / 'labels'), str(tmp_path / 'img'))


def test_two_photos_for_one_yolo_file(tmp_path):
    write_yolo(tmp_path / 'labels', a='0 0.5 0.5 1 1')
    for suffix in ('.png', '.JPG'):
        write_photo(tmp_path / 'img' / f'a{suffix}')
    with pytest.raises(ValueError, match='may belong to a.JPG or a.png'):
        read_boxes(str(tmp_path / 'labels'), str(tmp_path / 'img'))


def test_format_is_not_clear(tmp_path):
    with pytest.raises(ValueError, match='holds no boxes: it has no .json, .xml or'):
        find_format(str(tmp_path))
    (tmp_path / 'boxes.json').touch()
    with pytest.raises(ValueError, match='has neither .xml nor .txt files'):
        find_format(str(tmp_path))
    (tmp_path / 'a.xml').touch()
    (tmp_path / 'a.txt').touch()
    with pytest.raises(ValueError, match='both .* name the format: coco, voc'):
        find_format(str(tmp_path))
    with pytest.raises(FileNotFoundError, match='no file or folder'):
        find_format(str(tmp_path / 'none'))


def test_restrictions_and_hash(tmp_path):
    images = [
        dict(id=i, file_name=f'{i}.jpg', height=20, width=30) for i in (1, 'x', 3)
    ]
    anns = [
        dict(id=i, image_id=image['id'], category_id=i % 2, bbox=[1, 1, 5, h])
        for i, (image, h) in enumerate(zip(images, (5, 5, 0)))
    ]
    data = dict(
        images=images,
        annotations=anns,
        categories=[dict(id=0, name='a'), dict(id=1, name='b')],
    )
    path = tmp_path / 'boxes.json'
    path.write_text(json.dumps(data, indent=2))
    whole = read_boxes(str(path), '')
    assert whole.content == data and whole.left_out == ()
    assert whole.digest == read_boxes(str(path), '').digest
    assert [whole.image_ids[image] for image in whole.wanted] == [1, 'x']
    part = read_boxes(str(path), '', img_ids=['1', 'x'], categories=['b'])
    assert part.image_ids == (1, 'x') and part.box_ids == (1,)
    assert part.digest != whole.digest
    data['annotations'][0]['score'] = 0.5
    path.write_text(json.dumps(data, indent=2))
    assert read_boxes(str(path), '').digest != whole.digest


def test_digest_of_folders(tmp_path):
    xml = tmp_path / 'xml'
    write_voc(xml / 'a.xml', ('dog', 1, 1, 6, 4), size=(60, 40), name='a.jpg')
    before = read_boxes(str(xml), '').digest
    assert before == read_boxes(str(xml), '').digest
    write_voc(xml / 'a.xml', ('dog', 1, 1, 6, 5), size=(60, 40), name='a.jpg')
    assert before != read_boxes(str(xml), '').digest


def test_a_file_in_place_of_the_photos(tmp_path):
    photo, boxes = tmp_path / 'a.jpg', tmp_path / 'boxes.json'
    write_photo(photo)
    boxes.touch()
    with pytest.raises(NotADirectoryError) as error:
        check_photo_folder(str(photo), 'photos: ', str(tmp_path))
    assert str(error.value) == (
        f'photos: {photo} is a file; give the folder that holds the photos'
    )
    with pytest.raises(NotADirectoryError) as error:
        check_photo_folder(str(boxes), boxes=str(tmp_path))
    assert str(error.value).endswith(
        f'are they swapped? The order is: {boxes} {tmp_path}'
    )
    with pytest.raises(FileNotFoundError, match='photos: no folder none'):
        check_photo_folder('none', 'photos: ')
    check_photo_folder(str(tmp_path))
