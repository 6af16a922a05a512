"""What is put right in a COCO json. The photo is 60 x 40 pixels."""

import copy
import json

import pytest
from PIL import Image

from mmboxcaseg.annotations import read_boxes, read_coco
from mmboxcaseg.annotations.coco import to_box_file

DATA = dict(
    images=[dict(id=1, file_name='a.png', width=60, height=40)],
    annotations=[dict(id=1, image_id=1, category_id=1, bbox=[1, 2, 30, 20], iscrowd=0)],
    categories=[dict(id=1, name='thing')],
)


def changed(key, **values):
    data = copy.deepcopy(DATA)
    for name, value in values.items():
        if value is KeyError:
            del data[key][0][name]
        else:
            data[key][0][name] = value
    return data


def boxes_of(data, img_dir=None):
    return to_box_file(data, 'boxes.json', 'digest', img_dir=img_dir)


@pytest.fixture
def img(tmp_path):
    (tmp_path / 'img').mkdir()
    Image.new('RGB', (60, 40)).save(tmp_path / 'img' / 'a.png')
    return str(tmp_path / 'img')


@pytest.mark.parametrize(
    'info, expected',
    [
        (None, {}),
        ([], {}),
        ('', {}),
        (3, {}),
        ([1], {}),
        ('my photos', dict(description='my photos')),
        (dict(a=1), dict(a=1)),
    ],
)
def test_info(info, expected):
    assert boxes_of(dict(DATA, info=info)).content['info'] == expected


@pytest.mark.parametrize(
    'width, height', [(60.0, 40.0), ('60', '40'), ('60.0', ' 4e1 '), (60, '40')]
)
def test_sizes(width, height):
    boxes = boxes_of(changed('images', width=width, height=height))
    assert boxes.sizes.tolist() == [[40, 60]]
    # It is written back as numbers.
    assert json.dumps(boxes.content['images'][0]) == json.dumps(DATA['images'][0])


@pytest.mark.parametrize('nothing', [KeyError, None, 0, '', '0', 0.0])
def test_missing_sizes(img, nothing):
    for keys in (['width'], ['height'], ['width', 'height']):
        values = dict.fromkeys(keys, nothing)
        boxes = boxes_of(changed('images', **values), img)
        assert boxes.sizes.tolist() == [[40, 60]]
        assert boxes.content['images'] == DATA['images']
        # Without the photos it is an error.
        with pytest.raises(ValueError, match=f'"{keys[0]}"'):
            boxes_of(changed('images', **values))


def test_missing_size_of_a_missing_photo(img):
    data = changed('images', width=KeyError)
    data['images'].append(dict(id='2', file_name='none.png', height=5))
    data['annotations'].append(dict(id=2, image_id=2, category_id=1, bbox=[1, 1, 2, 2]))
    boxes = boxes_of(data, img)
    assert boxes.image_ids == (1,) and boxes.box_ids == (1,)
    (skip,) = boxes.left_out
    assert skip.file == 'none.png' and 'No such file' in skip.reason


@pytest.mark.parametrize(
    'crowd, expected',
    [
        ('0', 0),
        (None, 0),
        (False, 0),
        ('false', 0),
        (0.0, 0),
        ('', 0),
        ('1', 1),
        (True, 1),
        (1.0, 1),
        ('True', 1),
    ],
)
def test_crowds(crowd, expected):
    boxes = boxes_of(changed('annotations', iscrowd=crowd))
    assert boxes.crowd.tolist() == [bool(expected)]
    written = boxes.content['annotations'][0]['iscrowd']
    assert written == expected and type(written) is int


@pytest.mark.parametrize(
    'image_id, category_id', [('1', '1'), (1.0, 1.0), ('1', 1), (1, '1.0')]
)
def test_ids_of_another_notation(image_id, category_id):
    boxes = boxes_of(changed('annotations', image_id=image_id, category_id=category_id))
    assert json.dumps(boxes.content['annotations']) == json.dumps(DATA['annotations'])


def test_text_ids_and_numbers_that_mean_them():
    data = changed('images', id='1')
    data['categories'][0]['id'] = '1'
    boxes = boxes_of(data)
    assert boxes.image_ids == boxes.category_ids == ('1',)
    ann = boxes.content['annotations'][0]
    assert ann['image_id'] == ann['category_id'] == '1'


@pytest.mark.parametrize('name', [KeyError, None, ''])
def test_categories_without_a_name(name):
    boxes = boxes_of(changed('categories', name=name))
    assert boxes.category_names == ('1',)
    assert boxes.content['categories'] == [dict(id=1, name='1')]


@pytest.mark.parametrize(
    'content, message',
    [
        ([dict(data={}, annotations=[])], 'not list; .*Label Studio'),
        ([dict(image='a.jpg', annotations=[])], 'not list; .*CreateML'),
        ([dict(image_id=1, bbox=[], score=1)], 'list of detections'),
        (dict(shapes=[], imagePath='a.jpg'), 'no list "images".*LabelMe'),
        ({'_via_img_metadata': {}}, 'no list "images".*VIA'),
        ('text', 'not str'),
        (None, 'not NoneType'),
    ],
)
def test_other_formats(content, message):
    with pytest.raises(ValueError, match=f'boxes.json: .*{message}'):
        boxes_of(content)


@pytest.mark.parametrize(
    'content, message',
    [
        (json.dumps(DATA).encode('utf-16'), 'looks like UTF-16:'),
        (json.dumps(DATA).encode('utf-16-le'), 'looks like UTF-16LE:'),
        ('{"images": "é"}'.encode('cp1252'), 'looks like CP1252:'),
        (b'<annotation/>', 'folder of its .xml files'),
        (b'[' * 100000, 'recursion'),
        (b'{"images": ' + b'1' * 5000 + b'}', '4300'),
    ],
)
def test_no_json(tmp_path, content, message):
    path = tmp_path / 'boxes.json'
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f'boxes.json is not.*{message}'):
        read_coco(str(path))


@pytest.mark.parametrize(
    'name, expected',
    [
        ('A.PNG', 'a.png'),
        ('a.jpg', 'a.png'),
        ('x\\a.png', 'x\\a.png'),
        ('img/a.png', 'a.png'),
        ('images/a', 'a.png'),
        ('b.png', 'b.png'),
    ],
)
def test_names_of_photos(img, name, expected):
    boxes = boxes_of(changed('images', file_name=name), img)
    assert boxes.file_names == (expected,)
    assert boxes.content['images'][0]['file_name'] == expected


def test_a_photo_of_another_image_is_not_taken(img):
    data = changed('images', file_name='a.jpg')
    data['images'].append(dict(data['images'][0], id=2, file_name='a.png'))
    assert boxes_of(data, img).file_names == ('a.jpg', 'a.png')


@pytest.mark.parametrize('width', [60, KeyError])
@pytest.mark.parametrize('name', ['../a.png', '/x/a.png', 'D:\\x\\a.jpg'])
def test_names_of_another_computer(tmp_path, img, name, width):
    path = tmp_path / 'boxes.json'
    path.write_text(json.dumps(changed('images', file_name=name, width=width)))
    with pytest.raises(ValueError, match='"file_name" of .*; perhaps a.png'):
        read_boxes(str(path), img)


def test_boxes_in_parts_of_the_image_are_an_error(tmp_path):
    path = tmp_path / 'boxes.json'

    def read(*boxes):
        anns = [
            dict(DATA['annotations'][0], id=place, bbox=box)
            for place, box in enumerate(boxes)
        ]
        path.write_text(json.dumps(dict(DATA, annotations=anns)))
        return len(read_coco(str(path)))

    parts = [0.3, 0.25, 0.4, 1]
    with pytest.raises(ValueError, match='boxes.json: .*; COCO has pixels'):
        read(parts, parts)
    # More than a pixel; a single pixel; no boxes.
    assert read(parts, [1, 1, 1.5, 1]) == 2
    assert read([0, 0, 1, 1]) == read([0, 0, 0, 0]) == 1
    assert read() == 0


def test_blanks_around_names_of_categories_are_left_out():
    boxes = boxes_of(changed('categories', name=' thing\t'))
    assert boxes.category_names == ('thing',)
    assert boxes.content['categories'] == [dict(id=1, name='thing')]
    assert boxes_of(changed('categories', name='  ')).category_names == ('1',)


@pytest.mark.parametrize(
    'content, message',
    [
        (b'', 'the file is empty'),
        (b'PK\3\4rest', 'it is not text, but a zip archive; unpack it'),
        (b'\x1f\x8b\x08rest', 'compressed by gzip'),
        (b'\xff\xd8\xff\xe0rest', r'a photo \(JPEG\)'),
        (b'{"images": []\0\0', 'has zero bytes'),
        ('{"é": 1}'.encode('latin-1'), 'looks like CP1252'),
        ('{"images": [}'.encode('utf-16'), 'looks like UTF-16'),
        ('{"images": [}'.encode('utf-16-le'), 'looks like UTF-16LE'),
    ],
)
def test_what_is_no_json_is_named(tmp_path, content, message):
    (tmp_path / 'boxes.json').write_bytes(content)
    with pytest.raises(ValueError, match='not valid json.*' + message):
        read_coco(str(tmp_path / 'boxes.json'))
