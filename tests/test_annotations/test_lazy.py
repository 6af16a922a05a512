"""Reading annotations one by one gives what reading them all at once gives."""

import hashlib
import json
import pickle

import numpy as np
import pytest

from mmboxcaseg.annotations import coco, read_coco
from mmboxcaseg.annotations.given import keep_given_masks
from mmboxcaseg.annotations.lazy import LazyAnnotations, parse_lazily

POLYGON = [[1.25, 2, 9.5, 2, 6.5, 12.125, 1e0, 12]]
ENTRIES = [
    # Keys in any order, some of them nobody's.
    '{"bbox": [1, 2, 8.5, 10], "id": 3, "segmentation": [[1.25, 2, 9.5, 2, 6.5, '
    '12.125, 1e0, 12]], "image_id": 1, "score": 1E-3, "category_id": 5, '
    '"extra": {"segmentation": [1], "deep": [[{"a": null}], "\\u00e4\\"]}"]}}',
    '{"id": 9, "image_id": 2, "category_id": 5, "bbox": [0.1, -0, 3, 4e0], '
    '"iscrowd": 1, "segmentation": {"size": [20, 30], "counts": [600]}}',
    '{"id": 4, "image_id": 2, "category_id": 5, "bbox": [0, 0, 3, 4], "iscrowd": 0, '
    '"area": 123456789012345678901234567890, "huge": 1e999, "segmentation": []}',
    '{"id": 9007199254740993, "image_id": 1, "category_id": 5, '
    '"bbox": [5, 5, 0, 1], "id": 11}',
]
REST = (
    '"info": {"year": 1}, "images": [{"id": 1, "file_name": "ä.jpg", "height": 20, '
    '"width": 30}, {"id": 2, "file_name": "b.jpg", "height": 20, "width": 30}], '
    '"more": [1, 2.50], "categories": [{"id": 5, "name": "cat"}]'
)


def text(*entries):
    return f'{{{REST}, "annotations": [{", ".join(entries)}]}}'


@pytest.fixture
def write(tmp_path):
    def write(content, encoding='utf-8'):
        path = tmp_path / 'boxes.json'
        path.write_bytes(
            content if isinstance(content, bytes) else content.encode(encoding)
        )
        return str(path)

    return write


def eager(path, monkeypatch, with_masks=False):
    """What is read with json's own parser."""
    with monkeypatch.context() as patch:
        patch.setattr(coco, 'parse_lazily', lambda text, with_masks: None)
        return read_coco(path, with_masks)


def same(one, two):
    for name in one.__dataclass_fields__:
        ours, theirs = getattr(one, name), getattr(two, name)
        if isinstance(ours, np.ndarray):
            np.testing.assert_array_equal(ours, theirs)
            assert ours.dtype == theirs.dtype
        elif name != 'content':
            assert ours == theirs, name
    texts = [json.dumps(each.content, default=list) for each in (one, two)]
    assert texts[0] == texts[1]


@pytest.mark.parametrize('with_masks', [False, True])
@pytest.mark.parametrize('encoding', ['utf-8', 'utf-8-sig'])
def test_all_is_as_of_the_parser_of_json(write, monkeypatch, with_masks, encoding):
    path = write(text(*ENTRIES), encoding)
    boxes = read_coco(path, with_masks)
    assert isinstance(boxes.content['annotations'], LazyAnnotations)
    expected = eager(path, monkeypatch, with_masks)
    assert type(expected.content['annotations']) is list
    same(boxes, expected)
    assert boxes.content == expected.content
    assert boxes.box_ids == (3, 9, 4, 11)
    with open(path, 'rb') as file:
        assert boxes.digest == hashlib.sha256(file.read()).hexdigest()
    assert boxes.annotation(0)['segmentation'] == (POLYGON if with_masks else None)
    assert boxes.annotation(1)['segmentation'] == dict(size=[20, 30], counts=[600])


def test_parts_are_as_of_the_parser_of_json(write, monkeypatch):
    path = write(text(*ENTRIES))
    boxes, expected = read_coco(path), eager(path, monkeypatch)
    for part in ('select_images', 'select_categories'):
        for chosen in (['1'], ['2']) if part == 'select_images' else (['cat'],):
            ours = getattr(boxes, part)(chosen)
            assert isinstance(ours.content['annotations'], LazyAnnotations)
            same(ours, getattr(expected, part)(chosen))
    # A process that is not forked gets a copy.
    same(pickle.loads(pickle.dumps(boxes)), expected)


def test_given_masks_are_kept_alike(write, monkeypatch):
    path = write(text(*ENTRIES))
    ours = keep_given_masks(read_coco(path, with_masks=True))
    assert list(ours.kept) == [0]
    same(ours, keep_given_masks(eager(path, monkeypatch, with_masks=True)))


def test_an_annotation_is_nobody_elses(write):
    anns = read_coco(write(text(*ENTRIES))).content['annotations']
    anns[0]['bbox'] = None
    assert anns[0]['bbox'] == [1, 2, 8.5, 10] == list(anns)[0]['bbox']
    assert [one['id'] for one in anns[1:3]] == [9, 4]
    assert anns[-1]['id'] == 11
    with pytest.raises(IndexError):
        anns[4]
    assert anns != list(anns)[:3] and anns != [{}] * 4 and anns != 'text'


@pytest.mark.parametrize(
    'entry',
    [
        '{"id": "7.0", "image_id": "1", "category_id": "5", "bbox": [1, 1, 2, 2]}',
        '{"id": 7.0, "image_id": 1, "category_id": 5, "bbox": [1, 1, 2, 2]}',
        '{"id": 7, "image_id": 1.0, "category_id": 5, "bbox": [1, 1, 2, 2]}',
        '{"id": 7, "image_id": 1, "category_id": 5, "bbox": [NaN, 1, 2, 2]}',
        '{"id": 7, "image_id": 1, "category_id": 5, "bbox": [1e999, 1, 2, 2]}',
        '{"id": 7, "image_id": 1, "category_id": 5, "bbox": [1e300, 1, 2, 2]}',
        '{"id": 7, "image_id": 1, "category_id": 5, "bbox": [1, 1, 2, 2], '
        '"iscrowd": "true"}',
        '{"id": 7, "image_id": 1, "category_id": 5, "bbox": [1, 1, 2, 2], '
        '"iscrowd": null, "segmentation": [[1, 2, 3, 4, 5, 6]]}',
        '{"id": 7, "image_id": 1, "category_id": 5, "bbox": [1, 1, 2, 2], '
        '"name": "\\ud800"}',
    ],
)
def test_what_is_put_right_is_so_as_before(write, monkeypatch, entry):
    path = write(text(*ENTRIES, entry))
    boxes = read_coco(path)
    assert type(boxes.content['annotations']) is list
    same(boxes, eager(path, monkeypatch))


@pytest.mark.parametrize(
    'entry',
    [
        '{"id": 3, "image_id": 1, "category_id": 5, "bbox": [1, 1, 2, 2]}',
        '{"id": "3", "image_id": 1, "category_id": 5, "bbox": [1, 1, 2, 2]}',
        '{"id": 7, "image_id": 6, "category_id": 5, "bbox": [1, 1, 2, 2]}',
        '{"id": 7, "image_id": 1, "category_id": 6, "bbox": [1, 1, 2, 2]}',
        '{"id": 7, "image_id": 1, "category_id": 5, "bbox": [1, 1, 2]}',
        '{"id": 7, "image_id": 1, "category_id": 5, "bbox": [1, 1, 2, 2, 2]}',
        '{"id": 7, "image_id": 1, "category_id": 5, "bbox": [1, 1, 2, true]}',
        '{"id": 7, "image_id": 1, "category_id": 5, "bbox": [1, 1, 2, "2"]}',
        f'{{"id": 7, "image_id": 1, "category_id": 5, "bbox": [1, 1, 2, {2**60}]}}',
        '{"id": 7, "image_id": 1, "category_id": 5}',
        '{"id": 7, "image_id": 1, "category_id": 5, "bbox": [1, 1, 2, 2], "a": [1,]}',
        '{"id": 7, "image_id": 1, "category_id": 5, "bbox": [1, 1, 2, 2], "a": 01}',
        '{"id": 7, "image_id": 1, "category_id": 5, "bbox": [1, 1, 2, 2], "a": tru}',
        '{"id": 7, "image_id": 1, "category_id": 5, "bbox": [1, 1, 2, 2], "a": "\n"}',
        '[1]',
        '7',
    ],
)
def test_errors_are_as_before(write, monkeypatch, entry):
    path = write(text(*ENTRIES, entry))
    messages = []
    for read in (read_coco, lambda path: eager(path, monkeypatch)):
        with pytest.raises(ValueError) as error:
            read(path)
        messages.append(str(error.value))
    assert messages[0] == messages[1] and path in messages[0]


@pytest.mark.parametrize(
    'content',
    [b'', b'[]', b'{"images": []}', text(*ENTRIES).encode('latin-1'), b'{"a": 1} 2'],
)
def test_what_is_no_coco_json_is_left_to_others(content):
    assert parse_lazily(content, False) is None


def test_utf8_is_checked_across_blocks(monkeypatch):
    # A letter of two bytes lies over the end of a block of 2**20 bytes.
    for shift in range(2):
        inside = text(*ENTRIES).encode()
        content = b' ' * (2**20 - inside.index('ä'.encode()) - shift) + inside
        assert parse_lazily(content, False)[0]['images'][0]['file_name'] == 'ä.jpg'
        assert parse_lazily(content.replace('ä'.encode(), b'\xc3('), False) is None


def test_without_annotations(write, monkeypatch):
    path = write(text())
    assert len(read_coco(path).content['annotations']) == 0
    same(read_coco(path), eager(path, monkeypatch))
