import copy
import json

import numpy as np
import pytest

from mmboxcaseg.annotations import check_file_names, read_coco
from mmboxcaseg.annotations.coco import to_box_file

DATA = dict(
    info=dict(year=2017),
    licenses=['mine'],
    images=[
        dict(id=3, file_name='a.jpg', width=30, height=20),
        dict(id='x', file_name='b.jpg', width=10, height=10),
    ],
    annotations=[
        dict(id=7, image_id=3, category_id=1, bbox=[1, 1, 5.5, 5]),
        dict(id=8, image_id='x', category_id=1, bbox=[1, 1, 0, 5]),
        dict(id=9, image_id='x', category_id=1, bbox=[12, 1, 5, 5]),
        dict(id=6, image_id='x', category_id=1, bbox=[0, 0, 0, 0], iscrowd=1),
        dict(id=5, image_id=3, category_id=1, bbox=[12, 1, 5, 5]),
        dict(id=4, image_id=3, category_id=1, bbox=[float('nan'), 1, 5, 5]),
    ],
    categories=[dict(id=1, name='cat')],
)


def boxes_of(data):
    return to_box_file(copy.deepcopy(data), 'boxes.json', 'digest')


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


@pytest.mark.parametrize(
    'keys, value, message',
    [
        (('images',), KeyError, 'no list "images"'),
        (('annotations',), {}, 'no list "annotations"'),
        (('categories',), KeyError, 'no list "categories"'),
        (('images', 1, 'file_name'), KeyError, r'images\[1\] has no "file_name"'),
        (('images', 1, 'width'), KeyError, r'images\[1\] has no "width"'),
        (('images', 1, 'height'), 0, '"height" of image \'x\' is 0'),
        (('images', 1, 'width'), '10px', "\"width\" of image 'x' is '10px'"),
        (('images', 1, 'width'), 10.5, '"width" of image \'x\' is 10.5'),
        (('images', 1, 'width'), 10**400, '"width" of image \'x\' is 10'),
        (('images', 1, 'height'), -4, '"height" of image \'x\' is -4'),
        (('images', 1, 'id'), '3', "there are image ids 3 and '3'"),
        (('images', 1, 'id'), True, 'image id True is neither'),
        (('annotations', 2, 'id'), '7', "there are annotation ids 7 and '7'"),
        (('annotations', 2, 'image_id'), [3], r'belongs to image \[3\], which'),
        (('annotations', 2, 'category_id'), {}, 'belongs to category {}, which'),
        (('annotations', 2, 'iscrowd'), 'maybe', '"iscrowd" of annotation 9 is'),
        (('categories', 0, 'id'), KeyError, r'categories\[0\] has no "id"'),
        (('categories', 0, 'id'), [1], r'category id \[1\] is neither'),
        (('categories', 0, 'name'), [1], r'"name" of category 1 is \[1\]'),
        (('categories',), [dict(id=1), dict(id=1)], 'category ids occur more'),
        (
            ('categories',),
            [dict(id=1), dict(id='x')],
            "numbers, such as 1, and others text, such as 'x'",
        ),
        (('images', 1, 'id'), 3, '1 image ids occur more than once.* 3;'),
        (('images', 1, 'id'), [3], r'image id \[3\] is neither'),
        (('annotations', 2, 'id'), 7, 'annotation ids occur more than once.* 7;'),
        (('annotations', 2, 'image_id'), 99, 'annotation 9 belongs to image 99'),
        (('annotations', 2, 'category_id'), 2, 'annotation 9 belongs to category 2'),
        (('annotations', 2, 'bbox'), KeyError, r'annotations\[2\] has no "bbox"'),
        (('annotations', 2, 'bbox'), [1, 2, 3], r'annotation 9 is \[1, 2, 3\]'),
        (('annotations', 2, 'bbox'), [1, 2, 3, '4'], 'annotation 9 is'),
        (('annotations', 2, 'bbox'), None, 'annotation 9 is None'),
        (('annotations', 2, 'bbox'), [1, 2, 3, 10**400], 'annotation 9 is'),
        (('annotations', 2), 5, r'annotations\[2\] must be an object, but is 5'),
        (('images', 0, 'file_name'), None, '"file_name" of image 3 is None'),
    ],
)
def test_what_is_wrong_is_named(keys, value, message):
    with pytest.raises(ValueError, match='boxes.json: .*' + message):
        boxes_of(spoil(keys, value))


def test_columns():
    boxes = boxes_of(DATA)
    assert boxes.image_ids == (3, 'x') and boxes.file_names == ('a.jpg', 'b.jpg')
    assert boxes.sizes.tolist() == [[20, 30], [10, 10]]
    assert boxes.category_ids == (1,) and boxes.category_names == ('cat',)
    assert boxes.box_ids == (7, 8, 9, 6, 5, 4) and len(boxes) == 6
    assert boxes.image_index.tolist() == [0, 1, 1, 1, 0, 0]
    assert boxes.boxes[0].tolist() == [1, 1, 6.5, 6]
    assert boxes.crowd.tolist() == [False] * 3 + [True] + [False] * 2
    assert boxes.usable.tolist() == [True] + [False] * 3 + [True, False]
    assert boxes.wanted.tolist() == [0]
    assert boxes.places(0).tolist() == [0, 4, 5]
    assert boxes.places(1).tolist() == [1, 2, 3]
    assert boxes.usable_places(0).tolist() == [0, 4]
    assert boxes.usable_places(1).tolist() == []
    np.testing.assert_equal(boxes.xywh[4], [12, 1, 5, 5])


def test_what_is_unusable_is_told():
    boxes = boxes_of(DATA)
    wrong = {boxes.box_ids[i]: why for i, why in boxes.why_not.items()}
    assert list(wrong) == [8, 9, 4]
    for ann_id, text in (
        (8, '[1, 1, 0, 5] has no area'),
        (9, 'outside the image of 10 x 10 pixels'),
        (4, '[nan, 1, 5, 5] is not finite'),
    ):
        assert text in wrong[ann_id]
    assert boxes_of(dict(DATA, annotations=[])).why_not == {}
    empty = boxes_of(dict(DATA, annotations=[], images=[]))
    assert len(empty) == 0 and empty.wanted.tolist() == []


@pytest.mark.parametrize(
    'name',
    [
        '../a.jpg',
        'b/../../a.jpg',
        '/a.jpg',
        '',
        '.',
        'c:\\a.jpg',
        '..\\a.jpg',
        'a\0.jpg',
    ],
)
def test_file_names_that_leave_the_folder(name):
    check_file_names(boxes_of(DATA))
    check_file_names(boxes_of(spoil(('images', 0, 'file_name'), 'b/..a.jpg')))
    with pytest.raises(ValueError, match='boxes.json: "file_name" of image 3'):
        check_file_names(boxes_of(spoil(('images', 0, 'file_name'), name)))


def test_select_categories():
    data = dict(DATA, categories=[dict(id=i, name=n) for i, n in ((1, '2'), (2, 'b'))])
    boxes = boxes_of(data)
    # The name goes before the id.
    part = boxes.select_categories(['2'])
    assert part.category_ids == (1,)
    assert part.content['categories'] == data['categories'][:1]
    assert part.box_ids == boxes.box_ids and part.why_not == boxes.why_not
    part = boxes.select_categories(['b'])
    assert part.content['annotations'] == [] and len(part) == 0
    assert part.content['images'] == DATA['images']
    whole = boxes.select_categories(['1', 'b'])
    assert whole.content['annotations'] == boxes.content['annotations']
    with pytest.raises(ValueError, match="no category 'c'; it has 2, b"):
        boxes.select_categories(['c'])


def test_select_images():
    boxes = boxes_of(DATA)
    part = boxes.select_images(['x'])
    assert part.image_ids == ('x',) and part.file_names == ('b.jpg',)
    assert part.box_ids == (8, 9, 6)
    assert [ann['id'] for ann in part.content['annotations']] == [8, 9, 6]
    assert part.image_index.tolist() == [0, 0, 0]
    assert part.crowd.tolist() == [False, False, True]
    assert list(part.why_not) == [0, 1]
    assert 'outside' in part.why_not[1]
    assert part.content['licenses'] == ['mine'] and len(boxes.image_ids) == 2
    assert part.digest != boxes.digest
    assert part.digest == boxes.select_images(['x']).digest
    with pytest.raises(ValueError, match='1 of the requested image ids'):
        boxes.select_images(['x', '4'])


def test_read_coco(tmp_path):
    path = tmp_path / 'boxes.json'
    path.write_text(json.dumps(dict(DATA, annotations=[])))
    assert read_coco(str(path)).content['info'] == dict(year=2017)
    path.write_bytes(b'\xef\xbb\xbf' + path.read_bytes())
    assert read_coco(str(path)).content['info'] == dict(year=2017)
    path.write_bytes(b'{"images": "\xff"}')
    with pytest.raises(ValueError, match='boxes.json is not valid json'):
        read_coco(str(path))
    path.write_text('{"images": [')
    with pytest.raises(ValueError, match='boxes.json is not valid json'):
        read_coco(str(path))
    path.write_text('[]')
    with pytest.raises(ValueError, match='is an object, not list'):
        read_coco(str(path))
    with pytest.raises(FileNotFoundError):
        read_coco(str(tmp_path / 'none.json'))


def test_masks_are_not_kept_unless_asked_for(tmp_path):
    data = copy.deepcopy(DATA)
    for ann in data['annotations']:
        ann['segmentation'] = [[1, 1, 5, 1, 5, 5]]
    path = tmp_path / 'boxes.json'
    path.write_text(json.dumps(data))
    kept = read_coco(str(path), with_masks=True)
    assert kept.segmentation(0) == [[1, 1, 5, 1, 5, 5]]
    without = read_coco(str(path))
    assert kept.digest == without.digest
    with pytest.raises(ValueError, match="annotation 7: 'segmentation' is"):
        without.segmentation(0)
    # A crowd is written back as it came, at its place among the keys.
    anns = without.content['annotations']
    assert anns[3] == data['annotations'][3]
    assert [list(ann) for ann in anns] == [list(ann) for ann in data['annotations']]
