"""YOLO as exporters and trackers write it. A photo is 60 x 40 pixels."""

import numpy as np
import pytest
from PIL import Image

from mmboxcaseg.annotations import find_format, read_boxes


def photo(path, width=60, height=40):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new('RGB', (width, height)).save(path)


def read(folder, **files):
    """The annotations of label files that belong to photos."""
    for name, text in files.items():
        (folder / 'labels').mkdir(exist_ok=True)
        (folder / 'labels' / f'{name}.txt').write_text(text)
        photo(folder / 'img' / f'{name}.png')
    boxes = read_boxes(str(folder / 'labels'), str(folder / 'img'))
    return boxes.content['annotations']


# x, y, width and height of the box (0.5, 0.5, 0.2, 0.5) in pixels.
BOX = [24, 10, 12, 20]


@pytest.mark.parametrize('label', ['3', '3.0', '3e+00', '03', '+3', '0.3e1'])
def test_class_numbers_in_any_notation(tmp_path, label):
    (ann,) = read(tmp_path, a=f'{label} 0.5 0.5 0.2 0.5')
    assert ann['category_id'] == 3 and type(ann['category_id']) is int
    np.testing.assert_allclose(ann['bbox'], BOX)


@pytest.mark.parametrize(
    'line',
    [
        '1.5 0.5 0.5 0.2 0.5',
        '-1 0.5 0.5 0.2 0.5',
        'nan 0.5 0.5 0.2 0.5',
        '1_0 0.5 0.5 0.2 0.5',
        '0 0.5 0.5 0.2 a',
        '0 0.5 0.5 0.2',
    ],
)
def test_what_is_no_line(tmp_path, line):
    with pytest.raises(ValueError, match=f'a.txt:2: {line!r} is neither a class'):
        read(tmp_path, a=f'0 0.5 0.5 0.2 0.5\n{line}')


@pytest.mark.parametrize(
    'points, box',
    [
        # A triangle, a turned box, five points.
        ([(0.1, 0.25), (0.5, 0.25), (0.3, 0.75)], [6, 10, 24, 20]),
        ([(0.2, 0.1), (0.3, 0.2), (0.2, 0.3), (0.1, 0.2)], [6, 4, 12, 8]),
        ([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0.5)], [0, 0, 60, 40]),
    ],
)
@pytest.mark.parametrize('score', [(), (0.75,)])
def test_polygons(tmp_path, points, box, score):
    values = [value for point in points for value in point] + [*score]
    # Some other polygon, so that triangles are no boxes with tracks.
    ann, _ = read(
        tmp_path, a=' '.join(map(str, [0, *values])), b='0 0 0 0.5 0 0.5 0.5 0 0.5'
    )
    np.testing.assert_allclose(ann['bbox'], box, atol=1e-9)
    (polygon,) = ann['segmentation']
    np.testing.assert_allclose(
        polygon, np.ravel(np.array(points) * (60, 40)), atol=1e-9
    )
    assert ann.get('score') == (score[0] if score else None)


# Points of a pose in the box, and one that is not there.
POINTS = [(0.5, 0.6), (0.42, 0.3), (0, 0)]


@pytest.mark.parametrize('each', [2, 3])
@pytest.mark.parametrize(
    'end, extra',
    [('', {}), (' 0.25', dict(score=0.25)), (' 1 7', dict(score=1, track_id=7))],
)
def test_poses_of_a_known_shape_are_their_boxes(tmp_path, each, end, extra):
    (tmp_path / 'data.yaml').write_text(f'names: [hand]\nkpt_shape: [3, {each}]\n')
    points = ' '.join(' '.join(map(str, [*one, 1][:each])) for one in POINTS)
    first, second = read(
        tmp_path, a=f'0 0.5 0.5 0.2 0.5 {points}{end}\n0 0.5 0.5 0.2 0.5'
    )
    for ann in (first, second):
        np.testing.assert_allclose(ann['bbox'], BOX)
        assert 'segmentation' not in ann
    assert {key: first[key] for key in extra} == extra
    with pytest.raises(
        ValueError,
        match='a.txt:1: .* 9 numbers after its '
        f'class, but a pose of 3 .* has {4 + 3 * each}'
        if each == 3
        else 'a.txt:1: .* 13 numbers',
    ):
        read(tmp_path, a='0 0.5 0.5 0.2 0.5' + ' 0.5' * (5 if each == 3 else 9))


@pytest.mark.parametrize('shape', ['17', '[3]', '[3, 4]', '[0, 2]', '[a, 2]'])
def test_shapes_of_poses_that_are_none(tmp_path, shape):
    (tmp_path / 'data.yaml').write_text(f'kpt_shape: {shape}\n')
    with pytest.raises(ValueError, match='data.yaml: "kpt_shape" is'):
        read(tmp_path, a='0 0.5 0.5 0.2 0.5 0.5 0.5 0.4 0.4')


@pytest.mark.parametrize('seen', [0, 1, 2])
def test_poses_are_told_by_what_says_that_points_are_visible(tmp_path, seen):
    text = '0 0.5 0.5 0.2 0.5 0.5 0.6 1 0.42 0.3 1 0 0 0'
    first, second = read(tmp_path, a=text, b=text.replace(' 1 ', f' {seen} '))
    for ann in (first, second):
        np.testing.assert_allclose(ann['bbox'], BOX)
        assert 'segmentation' not in ann and 'score' not in ann


def test_polygons_that_may_be_poses_are_told(tmp_path, caplog):
    text = '0 0.5 0.5 0.2 0.5 0.5 0.6 0.42 0.3 0.55 0.4'
    caplog.set_level('INFO', 'mmboxcaseg')
    (ann,) = read(tmp_path, a=text)
    np.testing.assert_allclose(ann['bbox'], [12, 12, 21, 12])
    assert 'write kpt_shape: [3, 2] into data.yaml' in caplog.text
    caplog.clear()
    # A line with a point outside, and so no pose.
    read(tmp_path, a=text, b='0 0.5 0.5 0.2 0.5 0.5 0.6 0.42 0.3 0.65 0.4')
    assert 'kpt_shape' not in caplog.text


BOX_TEXT = '0 0.5 0.5 0.2 0.5'


@pytest.mark.parametrize(
    'ends, scores, tracks',
    [
        (['0.25', '1'], [0.25, 1], [None, None]),
        (['1', '0'], [1, 0], [None, None]),
        # Tracks, for one of them is above 1.
        (['1', '2'], [None, None], [1, 2]),
        (['7', '12'], [None, None], [7, 12]),
        # No confidences, as they are above 1.
        (['0.5', '85.5'], [0.5, None], [None, None]),
        (['-0.5', '0.5'], [None, 0.5], [None, None]),
        (['0.75 2', '0.5 1'], [None, None], [2, 1]),
        (['0.75 1', '0.5 1'], [None, None], [1, 1]),
    ],
)
def test_tracks_are_no_confidences(tmp_path, ends, scores, tracks):
    one, two = ends
    anns = read(tmp_path, a=f'{BOX_TEXT} {one}', b=f'{BOX_TEXT} {two}')
    for ann in anns:
        np.testing.assert_allclose(ann['bbox'], BOX)
        assert 'segmentation' not in ann
    assert [ann.get('score') for ann in anns] == scores
    assert [ann.get('track_id') for ann in anns] == tracks


def test_polygon_with_track(tmp_path):
    (ann,) = read(tmp_path, a='0 0 0 0.5 0 0.5 0.5 0.9 4')
    np.testing.assert_allclose(ann['bbox'], [0, 0, 30, 20])
    assert ann['track_id'] == 4 and 'score' not in ann


@pytest.mark.parametrize(
    'line',
    [
        '0 30 20 12 20',
        '0 24 10 36 10 36 30 24 30',
        '0 30 20 12 20 0.5',
        '0 24 10 36 10 36 30',
        '0 0.5 0.5 0.2 0.5 0.5 0.4 2 0.8 0.6 1',
    ],
)
def test_pixels(tmp_path, line):
    with pytest.raises(ValueError, match=f'a.txt:1: {line!r} has .* pixels'):
        read(tmp_path, a=line)


def test_slightly_outside(tmp_path):
    (ann,) = read(tmp_path, a='0 0.5 0.5 1.5 1')
    np.testing.assert_allclose(ann['bbox'], [-15, 0, 90, 40])


@pytest.mark.parametrize(
    'encoding, name',
    [('utf-16', 'UTF-16'), ('utf-16-le', 'UTF-16LE'), ('utf-16-be', 'UTF-16BE')],
)
def test_other_encodings(tmp_path, encoding, name):
    photo(tmp_path / 'img' / 'a.png')
    (tmp_path / 'labels').mkdir()
    path = tmp_path / 'labels' / 'a.txt'
    path.write_text(BOX_TEXT, encoding=encoding)
    with pytest.raises(ValueError, match=f'a.txt is not UTF-8.*-f {name} -t'):
        read_boxes(str(tmp_path / 'labels'), str(tmp_path / 'img'))
    path.write_text(BOX_TEXT)
    (tmp_path / 'classes.txt').write_text('café', encoding='cp1252')
    with pytest.raises(ValueError, match='classes.txt is not UTF-8.*CP1252'):
        read_boxes(str(tmp_path / 'labels'), str(tmp_path / 'img'))


def write(folder, **files):
    for name, text in files.items():
        path = folder / name.replace('__', '/')
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


ROBOFLOW = {
    'README.roboflow.txt': '# things\n\nExported in May.',
    'data.yaml': "nc: 1\nnames: ['thing']",
    'train/labels/a.txt': BOX_TEXT,
}
CVAT = {
    'train.txt': 'data/obj_train_data/a.png\n',
    'obj.data': 'classes = 1\nnames = data/obj.names',
    'obj.names': 'thing\n',
    'obj_train_data/a.txt': BOX_TEXT,
}
LABEL_STUDIO = {'classes.txt': 'thing\n', 'notes.json': '{}', 'labels/a.txt': BOX_TEXT}
MAKESENSE = {'a.txt': BOX_TEXT, 'labels.txt': 'thing\n'}
JUNK = {
    '._a.txt': '\0\0',
    '.ipynb_checkpoints/a-checkpoint.txt': 'x',
    '__MACOSX/a.txt': 'x',
    'LICENSE.txt': 'MIT',
    'list of photos.txt': 'x/a.png\n',
}


@pytest.mark.parametrize(
    'files, img, name',
    [
        (ROBOFLOW, 'train/images/a.png', 'thing'),
        (CVAT, 'obj_train_data/a.png', 'thing'),
        # Without its photos, which lie somewhere else.
        (CVAT, 'a.png', 'thing'),
        (LABEL_STUDIO, 'images/a.png', 'thing'),
        (MAKESENSE, 'a.png', '0'),
        (
            {f'got/{k}': v for k, v in ROBOFLOW.items()},
            'got/train/images/a.png',
            'thing',
        ),
    ],
)
def test_exports(tmp_path, files, img, name):
    write(tmp_path, **files, **JUNK)
    photo(tmp_path / img)
    assert find_format(str(tmp_path)) == 'yolo'
    boxes = read_boxes(str(tmp_path), str(tmp_path))
    assert boxes.file_names == (img,) and boxes.left_out == ()
    assert boxes.category_names == (name,) and len(boxes) == 1


def test_classes_are_never_labels(tmp_path):
    write(tmp_path, a__txt='')
    write(tmp_path / 'labels', **{'a.txt': BOX_TEXT, 'my names.txt': 'thing'})
    photo(tmp_path / 'labels' / 'a.png')
    photo(tmp_path / 'labels' / 'my names.png')
    folder = str(tmp_path / 'labels')
    boxes = read_boxes(
        folder, folder, classes=str(tmp_path / 'labels' / 'my names.txt')
    )
    assert boxes.category_names == ('thing',) and len(boxes) == 1


def test_a_list_file_with_a_photo_is_labels(tmp_path):
    write(tmp_path, **{'train.txt': BOX_TEXT, 'val.txt': ''})
    photo(tmp_path / 'train.png')
    boxes = read_boxes(str(tmp_path), str(tmp_path))
    assert boxes.file_names == ('train.png',) and len(boxes) == 1


def test_text_that_is_neither(tmp_path):
    write(tmp_path, **{'a.txt': BOX_TEXT, 'diary.txt': 'Dear diary,\n'})
    photo(tmp_path / 'a.png')
    (one,) = read_boxes(str(tmp_path), str(tmp_path)).left_out
    assert one.file == 'diary.txt' and 'no boxes, and no photo' in one.reason
    # A photo of its name makes it a label file.
    photo(tmp_path / 'diary.png')
    with pytest.raises(ValueError, match='diary.txt:1'):
        read_boxes(str(tmp_path), str(tmp_path))


def test_two_files_of_a_photo(tmp_path):
    write(tmp_path, **{'labels/a.txt': BOX_TEXT, 'a.txt': BOX_TEXT})
    photo(tmp_path / 'a.png')
    with pytest.raises(ValueError, match='both belong to a.png'):
        read_boxes(str(tmp_path), str(tmp_path))


def test_names_that_differ(tmp_path):
    for folder, name in (('x', 'cat'), ('y', 'dog')):
        write(tmp_path / folder, **{'classes.txt': name, f'{folder}.txt': ''})
        photo(tmp_path / folder / f'{folder}.png')
    with pytest.raises(ValueError, match='name the classes differently'):
        read_boxes(str(tmp_path), str(tmp_path))


def test_blank_line_among_the_names(tmp_path):
    from mmboxcaseg.annotations.class_names import read_classes

    path = tmp_path / 'classes.txt'
    path.write_text('cat\n\ndog\n')
    with pytest.raises(ValueError, match='classes.txt: line 2 is blank'):
        read_classes(str(path))
    path.write_text('cat\ndog\n\n \n')
    assert read_classes(str(path)) == {0: 'cat', 1: 'dog'}
    path.write_text('')
    assert read_classes(str(path)) == {}


@pytest.mark.parametrize(
    'line, cure',
    [
        ('0,0.5,0.5,0.2,0.5', 'separate numbers by blanks'),
        ('0;0.5;0.5;0.2;0.5', 'separate numbers by blanks'),
        ('0 0,5 0,5 0,2 0,5', 'write 0.5 for 0,5'),
        ('cat 0.5 0.5 0.2 0.5', 'a class is given by its number'),
    ],
)
def test_what_to_do_about_a_line_is_said(tmp_path, line, cure):
    with pytest.raises(ValueError, match=f'a.txt:1: .*; .*{cure}'):
        read(tmp_path, a=line)


def test_file_cut_short_is_named_as_such(tmp_path):
    with pytest.raises(ValueError, match='a.txt has zero bytes'):
        read(tmp_path, a='0 0.5 0.5 0.2 0.5\n\0\0')


def test_names_in_yaml_are_what_is_written(tmp_path):
    """YAML itself takes no for false, and 1.10 for 1.1."""
    (tmp_path / 'data.yaml').write_text('names: [no, 1.10, null, 2024-13-45]')
    read(tmp_path, a='0 0.5 0.5 0.2 0.5')
    boxes = read_boxes(str(tmp_path / 'labels'), str(tmp_path / 'img'))
    assert boxes.category_names == ('no', '1.10', 'null', '2024-13-45')


def test_link_to_names_that_are_not_there_is_an_error(tmp_path):
    (tmp_path / 'classes.txt').symlink_to(tmp_path / 'gone.txt')
    with pytest.raises(FileNotFoundError, match='classes.txt'):
        read(tmp_path, a='0 0.5 0.5 0.2 0.5')


def test_classes_without_names_are_told(tmp_path, caplog):
    lines = '2 0.5 0.5 0.2 0.5\n6 0.5 0.5 0.2 0.5'
    read(tmp_path, a=lines)
    (warning,) = caplog.messages
    assert '(2, 6); add classes.txt, with one name per line, or data.yaml' in warning
    assert warning.endswith('give such a file with --classes')
    caplog.clear()
    (tmp_path / 'labels' / 'classes.txt').write_text('\n'.join('abcdefg'))
    read(tmp_path, a=lines)
    assert caplog.messages == []


def test_a_folder_in_place_of_the_classes(tmp_path):
    read(tmp_path, a='2 0.5 0.5 0.2 0.5')
    with pytest.raises(IsADirectoryError, match='is a folder; give a file of class'):
        read_boxes(str(tmp_path / 'labels'), str(tmp_path / 'img'), None, str(tmp_path))
