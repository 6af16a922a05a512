"""Converters of data sets, against the real files."""
import json
import os
import subprocess
import sys

import pytest

from mmboxcaseg.converters import coco_subset as tool


def make_coco():
    """Four images: a dog and a crowd of people, a cup, nothing, two dogs."""
    names = {1: 'person', 18: 'dog', 47: 'cup'}
    objects = [(4, 18, 0), (1, 1, 1), (1, 18, 0), (2, 47, 0), (4, 18, 0)]
    return dict(
        info=dict(year=2017),
        images=[dict(id=i, file_name=f'{i}.jpg') for i in (4, 2, 3, 1)],
        annotations=[
            dict(id=10 + i, image_id=image, category_id=cat, iscrowd=crowd)
            for i, (image, cat, crowd) in enumerate(objects)
        ],
        categories=[dict(id=i, name=name) for i, name in names.items()])


def ids(items):
    return [item['id'] for item in items]


def test_coco_subset_by_hand():
    coco = make_coco()
    subset = tool.keep_images(coco, [1, 3])
    assert subset['info'] == coco['info']
    assert ids(subset['images']) == [1, 3]
    assert ids(subset['annotations']) == [11, 12]
    assert subset['annotations'][0]['iscrowd'] == 1
    assert subset['categories'] == coco['categories']

    dogs = tool.keep_categories(coco, ['dog'])
    assert ids(dogs['images']) == [4, 1]
    assert ids(dogs['annotations']) == [10, 12, 14]
    assert {ann['category_id'] for ann in dogs['annotations']} == {18}
    assert ids(dogs['categories']) == [18]

    voc = tool.to_voc20(coco)
    assert ids(voc['images']) == [4, 1]
    assert [(ann['id'], ann['category_id'])
            for ann in voc['annotations']] == [(10, 12), (11, 15), (12, 12),
                                               (14, 12)]
    assert voc['categories'][11]['name'] == 'dog'
    assert coco == make_coco(), 'the input must stay as it was'


def test_coco_subset_at_random():
    coco = make_coco()
    drawn = {tuple(tool.draw_ids(coco, 2, seed)) for seed in range(50)}
    assert drawn == {(1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4)}
    coco['images'].reverse()
    assert tool.draw_ids(coco, 2, 5) == tool.draw_ids(make_coco(), 2, 5)


def test_coco_subset_errors(tmp_path):
    coco = make_coco()
    with pytest.raises(ValueError, match=r'1 of 2 image ids.*\[99\]'):
        tool.keep_images(coco, [1, 99])
    with pytest.raises(ValueError, match='can\'t draw 5 of 4'):
        tool.draw_ids(coco, 5, 0)
    with pytest.raises(ValueError, match='unicorn'):
        tool.keep_categories(coco, ['dog', 'unicorn'])
    with pytest.raises(FileNotFoundError, match='4.jpg'):
        tool.take_files(['4.jpg'], str(tmp_path), str(tmp_path / 'out'), True)
    (tmp_path / 'empty.txt').write_text('\n')
    with pytest.raises(ValueError, match='empty.txt'):
        tool.read_lines(str(tmp_path / 'empty.txt'))
    (tmp_path / 'no_coco.json').write_text('{"images": []}')
    with pytest.raises(ValueError, match='no_coco.json'):
        tool.read_coco(str(tmp_path / 'no_coco.json'))


@pytest.mark.parametrize('copy', [False, True])
def test_coco_subset_command(tmp_path, repo_root, copy):
    (tmp_path / 'all.json').write_text(json.dumps(make_coco()))
    (tmp_path / 'ids.txt').write_text('4\n2\n')
    (tmp_path / 'images').mkdir()
    for i in range(1, 5):
        (tmp_path / 'images' / f'{i}.jpg').write_text(str(i))
    command = [
        sys.executable,
        str(repo_root / 'tools/dataset_converters/coco_subset.py'), 'all.json',
        'new/sub.json', '--ids', 'ids.txt', '--voc20', '--img-dir', 'images',
        '--out-img-dir', 'new/images'
    ]
    for _ in range(2):
        subprocess.run(command + ['--copy'] * copy, cwd=tmp_path, check=True)
    subset = json.loads((tmp_path / 'new/sub.json').read_text())
    assert ids(subset['images']) == [4]
    image = tmp_path / 'new/images/4.jpg'
    assert image.read_text() == '4'
    assert image.is_symlink() == (not copy)
    assert os.listdir(tmp_path / 'new/images') == ['4.jpg']


def test_prepare_mini_gives_the_mini_sets(shared_data, tmp_path, repo_root):
    """Built from itself as if it were the whole, it is the same again."""
    subprocess.run([
        sys.executable,
        str(repo_root / 'tools/dataset_converters/prepare_mini.py'),
        str(shared_data / 'coco_mini'),
        str(shared_data / 'duts_tr_mini'), '--out',
        str(tmp_path)
    ],
                   check=True)
    for name in ('train2017', 'val2017', 'train2017_voc20', 'val2017_voc20'):
        path = f'coco_mini/annotations/instances_{name}.json'
        made = json.loads((tmp_path / path).read_text())
        given = json.loads((shared_data / path).read_text())
        for key in ('images', 'annotations', 'categories'):
            assert made[key] == given[key], f'{path}: {key}'
    for folder in ('coco_mini/train2017', 'coco_mini/val2017',
                   'duts_tr_mini/DUTS-TR-Image', 'duts_tr_mini/DUTS-TR-Mask'):
        assert sorted(os.listdir(tmp_path / folder)) == sorted(
            os.listdir(shared_data / folder))
        assert all(path.exists() for path in (tmp_path / folder).iterdir())


def test_ids_of_a_list_file(tmp_path):
    """A line is an id, also with blanks in it, and behind a mark of order."""
    coco = dict(images=[dict(id=7), dict(id='photo 1'), dict(id='7 b')])
    lines = tmp_path / 'ids.txt'
    lines.write_bytes(b'\xef\xbb\xbfphoto 1\r\n\n7\n')
    read = tool.read_lines(str(lines))
    assert tool.ids_of_lines(coco, read, 'ids.txt') == ['photo 1', 7]
    with pytest.raises(ValueError, match=r'ids.txt: 1 of 2 image ids .*photo'):
        tool.ids_of_lines(coco, ['7', 'photo'], 'ids.txt')


@pytest.mark.parametrize('words, message', [
    (['none.json', 'o.json'], "No such file or directory: 'none.json'"),
    (['c.json', 'o.json', '--categories', 'unicorn'], 'unicorn'),
    (['c.json', 'o.json', '--count', '5'], "can't draw 5 of 4"),
    (['c.json', 'o.json', '--img-dir', '.', '--out-img-dir', 'x'], '4.jpg'),
    (['broken.json', 'o.json'], 'broken.json is not valid json'),
])
def test_mistakes_are_a_line(tmp_path, repo_root, words, message):
    (tmp_path / 'c.json').write_text(json.dumps(make_coco()))
    (tmp_path / 'broken.json').write_text('{"images": [')
    script = repo_root / 'tools/dataset_converters/coco_subset.py'
    done = subprocess.run([sys.executable, str(script), *words],
                          cwd=tmp_path,
                          capture_output=True,
                          text=True)
    assert done.returncode == 1
    line, = done.stderr.splitlines()
    assert line.startswith('coco_subset: error: ') and message in line
