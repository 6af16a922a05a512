"""Random files: what is in order stays as it is, the rest is an error."""

import json
import tempfile
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from mmboxcaseg.annotations import read_boxes, read_coco

quick = settings(max_examples=50, derandomize=True, deadline=None)
SIDE = st.integers(1, 40)
# Names that every file system and every format can hold.
WORD = st.text(
    st.characters(codec='utf-8', categories=('L', 'Nd')), min_size=1, max_size=8
)
NUMBER = st.floats(-50, 90, width=32)
BOX = st.lists(NUMBER, min_size=4, max_size=4)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=8,
)

EXTRA = (
    st.none()
    | st.booleans()
    | st.text(max_size=3)
    | st.lists(st.integers(), max_size=2)
)


@st.composite
def coco_files(draw):
    images = [
        dict(id=one, file_name=f'{draw(WORD)}.jpg', width=draw(SIDE), height=draw(SIDE))
        for one in draw(
            st.lists(st.integers(0, 99) | WORD, unique_by=str, min_size=1, max_size=4)
        )
    ]
    kind = draw(st.sampled_from([st.integers(0, 9), WORD]))
    categories = [
        dict(id=one, name=draw(WORD))
        for one in draw(st.lists(kind, unique=True, min_size=1, max_size=3))
    ]
    anns = [
        dict(
            id=number,
            image_id=draw(st.sampled_from(images))['id'],
            category_id=draw(st.sampled_from(categories))['id'],
            bbox=draw(BOX),
            iscrowd=draw(st.integers(0, 1)),
            extra=draw(EXTRA),
        )
        for number in range(draw(st.integers(0, 5)))
    ]
    return dict(
        info=dict(draw(st.dictionaries(WORD, WORD, max_size=2))),
        images=images,
        annotations=anns,
        categories=categories,
    )


def same(one, two):
    """Whether two readings hold the same."""
    for name in (
        'image_ids',
        'file_names',
        'category_ids',
        'category_names',
        'box_ids',
    ):
        assert getattr(one, name) == getattr(two, name)
    for name in ('sizes', 'image_index', 'category_index', 'boxes', 'crowd', 'usable'):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    texts = [json.dumps(each.content, default=list) for each in (one, two)]
    assert texts[0] == texts[1]


@quick
@given(coco_files())
def test_coco(content):
    # Boxes below 1 are taken for parts of the photo's sides.
    assume(all(max(map(abs, ann['bbox'])) > 1 for ann in content['annotations']))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, 'boxes.json')
        path.write_text(json.dumps(content))
        boxes = read_coco(str(path), img_dir=folder)
        assert json.dumps(boxes.content, default=list) == json.dumps(content)
        assert boxes.xywh.tolist() == [
            [x, y, (x + w) - x, (y + h) - y]
            for x, y, w, h in (ann['bbox'] for ann in content['annotations'])
        ]
        path.write_text(json.dumps(boxes.content, default=list))
        same(boxes, read_coco(str(path)))


OBJECTS = st.lists(st.tuples(WORD, BOX), max_size=4)


@quick
@given(st.dictionaries(WORD, st.tuples(SIDE, SIDE, OBJECTS), min_size=1, max_size=3))
def test_voc(files):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, 'xml').mkdir()
        for stem, (width, height, objects) in files.items():
            text = ''.join(
                f'<object><name>{escape(name)}</name><bndbox><xmin>{x!r}'
                f'</xmin><ymin>{y!r}</ymin><xmax>{x1!r}</xmax><ymax>{y1!r}'
                '</ymax></bndbox></object>'
                for name, (x, y, x1, y1) in objects
            )
            Path(folder, 'xml', f'{stem}.xml').write_text(
                f'<annotation><filename>{stem}.jpg</filename><size><width>'
                f'{width}</width><height>{height}</height></size>{text}'
                '</annotation>',
                encoding='utf-8',
            )
        boxes = read_boxes(str(Path(folder, 'xml')), folder)
        expected = {
            stem: [
                (name, [x - 1, y - 1, x1 - x + 1, y1 - y + 1])
                for name, (x, y, x1, y1) in objects
            ]
            for stem, (_, _, objects) in files.items()
        }
        _check(boxes, expected, folder)


@quick
@given(
    st.dictionaries(
        WORD,
        st.lists(
            st.tuples(
                st.integers(0, 9), st.lists(st.floats(0, 1), min_size=4, max_size=4)
            ),
            max_size=4,
        ),
        min_size=1,
        max_size=3,
    )
)
def test_yolo(files):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, 'txt').mkdir()
        for stem, lines in files.items():
            Image.new('L', (32, 16)).save(Path(folder, f'{stem}.png'))
            Path(folder, 'txt', f'{stem}.txt').write_text(
                '\n'.join(' '.join(map(repr, (label, *box))) for label, box in lines)
            )
        boxes = read_boxes(str(Path(folder, 'txt')), folder)
        assert boxes.left_out == ()
        expected = {
            stem: [
                (str(label), [(x - w / 2) * 32, (y - h / 2) * 16, w * 32, h * 16])
                for label, (x, y, w, h) in lines
            ]
            for stem, lines in files.items()
        }
        _check(boxes, expected, folder)


def _check(boxes, expected, folder):
    """Names of classes and boxes of each photo; written and read again."""
    found = {Path(name).stem: [] for name in boxes.file_names}
    stems = list(found)
    for place, image in enumerate(boxes.image_index.tolist()):
        found[stems[image]].append(
            (
                boxes.category_names[boxes.category_index[place]],
                boxes.annotation(place)['bbox'],
            )
        )
    assert found == expected
    path = Path(folder, 'out.json')
    path.write_text(json.dumps(boxes.content))
    same(boxes, read_coco(str(path), img_dir=folder))


def must_not_crash(name, content, **more):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, 'ann', name)
        path.parent.mkdir()
        path.write_bytes(content)
        Image.new('L', (32, 16)).save(Path(folder, 'a.png'))
        ann = path if name.endswith('.json') else path.parent
        try:
            read_boxes(str(ann), folder, **more)
        except (ValueError, OSError) as error:
            assert str(error)


@quick
@given(st.binary(max_size=60), st.sampled_from(['a.json', 'a.xml', 'a.txt']))
def test_random_bytes(content, name):
    must_not_crash(name, content)


@quick
@given(coco_files(), st.data())
def test_broken_coco(content, data):
    # Another value at a random place.
    place = content
    while True:
        keys = list(place) if isinstance(place, dict) else range(len(place))
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        inner = place[key]
        if not isinstance(inner, (dict, list)) or data.draw(st.booleans()):
            place[key] = data.draw(JSON)
            break
        place = inner
    must_not_crash('a.json', json.dumps(content).encode())


XML = (
    b'<?xml version="1.0" encoding="UTF-8"?><annotation><filename>a.png'
    b'</filename><size><width>32</width><height>16</height></size><object>'
    b'<name>cat</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>9</xmax>'
    b'<ymax>8</ymax></bndbox></object></annotation>'
)
TXT = b'0 0.5 0.5 0.2 0.2\n1 0.1 0.1 0.2 0.1 0.2 0.2 0.9\n0 0.5 0.5 1 1 0.7\n'
YAML = b"nc: 2\nnames:\n  0: 'cat'\n  1: dog\n"


def edited(content):
    """Some bytes with a part of them replaced."""
    ends = st.integers(0, len(content))
    return st.builds(
        lambda start, length, new: content[:start] + new + content[start + length :],
        ends,
        st.integers(0, 12),
        st.binary(max_size=6)
        | st.text('0123456789.eE+-<>/&"\' \nnaif', max_size=6).map(str.encode),
    )


@quick
@given(edited(XML))
def test_broken_voc(content):
    must_not_crash('a.xml', content)


@quick
@given(edited(TXT), edited(YAML))
def test_broken_yolo(content, names):
    with tempfile.NamedTemporaryFile(suffix='.yaml') as file:
        file.write(names)
        file.flush()
        must_not_crash('a.txt', content)
        must_not_crash('a.txt', TXT, classes=file.name)
