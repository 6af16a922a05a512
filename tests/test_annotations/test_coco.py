import copy
import json

import pytest

from mmboxcaseg.proxy_masks import (check_coco, check_file_names, load_coco,
                                    select_categories, select_images,
                                    unusable_annotations)

DATA = dict(
    info=dict(year=2017),
    licenses=['mine'],
    images=[
        dict(id=3, file_name='a.jpg', width=30, height=20),
        dict(id='x', file_name='b.jpg', width=10, height=10)
    ],
    annotations=[
        dict(id=7, image_id=3, category_id=1, bbox=[1, 1, 5.5, 5]),
        dict(id=8, image_id='x', category_id=1, bbox=[1, 1, 0, 5]),
        dict(id=9, image_id='x', category_id=1, bbox=[12, 1, 5, 5]),
        dict(id=6, image_id='x', category_id=1, bbox=[0, 0, 0, 0], iscrowd=1),
        dict(id=5, image_id=3, category_id=1, bbox=[12, 1, 5, 5]),
        dict(id=4, image_id=3, category_id=1, bbox=[float('nan'), 1, 5, 5]),
    ],
    categories=[dict(id=1, name='cat')])


def spoil(keys, value):
    data = copy.deepcopy(DATA)
    place = data
    for key in keys[:-1]:
        place = place[key]
    if value is KeyError:
        del place[keys[-1]]
    else:
        place[keys[-1]] = value
    return data


@pytest.mark.parametrize('keys, value, message', [
    (('images', ), KeyError, 'no list "images"'),
    (('annotations', ), {}, 'no list "annotations"'),
    (('categories', ), KeyError, 'no list "categories"'),
    (('info', ), 'mine', '"info" must be'),
    (('images', 1, 'file_name'), KeyError, r'images\[1\] has no "file_name"'),
    (('images', 1, 'width'), KeyError, r'images\[1\] has no "width"'),
    (('images', 1, 'height'), 0, '"height" of image \'x\' is 0'),
    (('images', 1, 'width'), '10', '"width" of image \'x\' is \'10\''),
    (('images', 1, 'id'), 3, '1 image ids occur more than once.* 3;'),
    (('images', 1, 'id'), [3], r'image id \[3\] is neither'),
    (('annotations', 2, 'id'), 7, 'annotation ids occur more than once.* 7;'),
    (('annotations', 2, 'image_id'), 99, 'annotation 9 belongs to image 99'),
    (('annotations', 2, 'category_id'), 2, 'annotation 9 is of category 2'),
    (('annotations', 2, 'bbox'), KeyError, r'annotations\[2\] has no "bbox"'),
    (('annotations', 2, 'bbox'), [1, 2, 3], r'annotation 9 is \[1, 2, 3\]'),
    (('annotations', 2, 'bbox'), [1, 2, 3, '4'], 'annotation 9 is'),
    (('annotations', 2, 'bbox'), None, 'annotation 9 is None'),
    (('annotations', 2, 'bbox'), [1, 2, 3, 10**400], 'annotation 9 is'),
    (('annotations', 2), 5, r'annotations\[2\] must be an object, but is 5'),
    (('images', 0, 'file_name'), None, '"file_name" of image 3 is None'),
])
def test_what_is_wrong_is_named(keys, value, message):
    with pytest.raises(ValueError, match='boxes.json: .*' + message):
        check_coco(spoil(keys, value), 'boxes.json')


def test_unusable_annotations():
    check_coco(DATA, 'boxes.json')
    wrong = unusable_annotations(DATA)
    assert list(wrong) == [8, 9, 4]
    for ann_id, text in ((8, '[1, 1, 0, 5] has no area'),
                         (9, 'outside the image of 10 x 10 pixels'),
                         (4, '[nan, 1, 5, 5] is not finite')):
        assert text in wrong[ann_id]
    assert unusable_annotations(dict(DATA, annotations=[])) == {}


@pytest.mark.parametrize('name', [
    '../a.jpg', 'b/../../a.jpg', '/a.jpg', '', '.', 'c:\\a.jpg', '..\\a.jpg',
    'a\0.jpg'
])
def test_file_names_that_leave_the_folder(name):
    check_file_names(DATA, 'boxes.json')
    check_file_names(spoil(('images', 0, 'file_name'), 'b/..a.jpg'), 'x')
    with pytest.raises(ValueError, match='boxes.json: "file_name" of image 3'):
        check_file_names(spoil(('images', 0, 'file_name'), name), 'boxes.json')


def test_select_categories():
    data = dict(
        DATA, categories=[dict(id=i, name=n) for i, n in ((1, '2'), (2, 'b'))])
    # The name goes before the id.
    part = select_categories(data, ['2'], 'boxes.json')
    assert [category['id'] for category in part['categories']] == [1]
    assert part['annotations'] == DATA['annotations']
    part = select_categories(data, ['b'], 'boxes.json')
    assert part['annotations'] == [] and part['images'] == DATA['images']
    assert select_categories(data, ['1', 'b'], 'x') == data
    with pytest.raises(ValueError, match="no category 'c'; it has 2, b"):
        select_categories(data, ['c'], 'boxes.json')


def test_select_images():
    part = select_images(DATA, ['x'], 'boxes.json')
    assert [image['id'] for image in part['images']] == ['x']
    assert [ann['id'] for ann in part['annotations']] == [8, 9, 6]
    assert part['licenses'] == ['mine'] and len(DATA['images']) == 2
    with pytest.raises(ValueError, match='1 of the asked image ids'):
        select_images(DATA, ['x', 4], 'boxes.json')


def test_load_coco(tmp_path):
    path = tmp_path / 'boxes.json'
    path.write_text(json.dumps(dict(DATA, annotations=[])))
    assert load_coco(str(path))['info'] == dict(year=2017)
    path.write_bytes(b'\xef\xbb\xbf' + path.read_bytes())
    assert load_coco(str(path))['info'] == dict(year=2017)
    path.write_bytes(b'{"images": "\xff"}')
    with pytest.raises(ValueError, match='boxes.json is not valid json'):
        load_coco(str(path))
    path.write_text('{"images": [')
    with pytest.raises(ValueError, match='boxes.json is not valid json'):
        load_coco(str(path))
    path.write_text('[]')
    with pytest.raises(ValueError, match='is an object, not list'):
        load_coco(str(path))
    with pytest.raises(FileNotFoundError):
        load_coco(str(tmp_path / 'none.json'))
