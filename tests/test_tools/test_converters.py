"""Converters of data sets, against the real files."""

import json
import os
import runpy
import subprocess
import sys

import pytest
from coco_files import make_coco

from mmboxcaseg.text import read_lines


def ids(items):
    return [item['id'] for item in items]


@pytest.mark.parametrize('copy', [False, True])
def test_coco_subset_command(tmp_path, repo_root, copy):
    (tmp_path / 'all.json').write_text(json.dumps(make_coco()))
    (tmp_path / 'ids.txt').write_text('4\n2\n')
    (tmp_path / 'images').mkdir()
    for i in range(1, 5):
        (tmp_path / 'images' / f'{i}.jpg').write_text(str(i))
    command = [
        sys.executable,
        str(repo_root / 'tools/dataset_converters/coco_subset.py'),
        'all.json',
        'new/sub.json',
        '--ids',
        'ids.txt',
        '--voc20',
        '--img-dir',
        'images',
        '--out-img-dir',
        'new/images',
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
    subprocess.run(
        [
            sys.executable,
            str(repo_root / 'tools/dataset_converters/prepare_mini.py'),
            str(shared_data / 'coco_mini'),
            str(shared_data / 'duts_tr_mini'),
            '--out',
            str(tmp_path),
        ],
        check=True,
    )
    for name in ('train2017', 'val2017', 'train2017_voc20', 'val2017_voc20'):
        path = f'coco_mini/annotations/instances_{name}.json'
        made = json.loads((tmp_path / path).read_text())
        given = json.loads((shared_data / path).read_text())
        for key in ('images', 'annotations', 'categories'):
            assert made[key] == given[key], f'{path}: {key}'
    for folder in (
        'coco_mini/train2017',
        'coco_mini/val2017',
        'duts_tr_mini/DUTS-TR-Image',
        'duts_tr_mini/DUTS-TR-Mask',
    ):
        assert sorted(os.listdir(tmp_path / folder)) == sorted(
            os.listdir(shared_data / folder)
        )
        assert all(path.exists() for path in (tmp_path / folder).iterdir())


def test_prepare_midi_joins_both_splits(monkeypatch, tmp_path, repo_root):
    """The listed photos of train and val and no others, one file and folder."""
    tool = runpy.run_path(str(repo_root / 'tools/dataset_converters/prepare_mini.py'))
    for split, ids in (('train', (1, 2)), ('val', (3, 4, 5))):
        (tmp_path / f'coco/{split}2017').mkdir(parents=True)
        for image_id in ids:
            (tmp_path / f'coco/{split}2017/{image_id}.jpg').write_text(split)
        coco = dict(
            images=[dict(id=i, file_name=f'{i}.jpg') for i in ids],
            annotations=[dict(id=10 * i, image_id=i, category_id=1) for i in ids],
            categories=[dict(id=1, name='cat')],
        )
        path = tmp_path / f'coco/annotations/instances_{split}2017.json'
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(coco))
    (tmp_path / 'coco_train_ids.txt').write_text('2\n')
    (tmp_path / 'val.txt').write_text('3\n5\n')
    scope = tool['prepare_midi'].__globals__
    monkeypatch.setitem(scope, 'LISTS', str(tmp_path))
    monkeypatch.setitem(scope, 'MIDI_LIST', str(tmp_path / 'val.txt'))
    tool['prepare_midi'](str(tmp_path / 'coco'), str(tmp_path / 'out'), False)
    made = json.loads((tmp_path / 'out/annotations/instances.json').read_text())
    assert [image['id'] for image in made['images']] == [2, 3, 5]
    assert [ann['id'] for ann in made['annotations']] == [20, 30, 50]
    assert made['categories'] == [dict(id=1, name='cat')]
    texts = {
        path.name: path.read_text() for path in (tmp_path / 'out/images').iterdir()
    }
    assert texts == {'2.jpg': 'train', '3.jpg': 'val', '5.jpg': 'val'}


def test_lists_of_the_midi_data(repo_root):
    """No photo that is scored, and none twice."""
    folder = repo_root / 'tools/dataset_converters'
    midi = read_lines(str(folder / 'midi/coco_val_ids.txt'))
    assert len(midi) == len(set(midi)) == 2528
    for split in ('train', 'val'):
        assert not set(midi) & set(
            read_lines(str(folder / f'mini/coco_{split}_ids.txt'))
        )


@pytest.mark.parametrize(
    'words, message',
    [
        (['none.json', 'o.json'], "No such file or directory: 'none.json'"),
        (['c.json', 'o.json', '--categories', 'unicorn'], 'unicorn'),
        (['c.json', 'o.json', '--count', '5'], "can't draw 5 of 4"),
        (['c.json', 'o.json', '--img-dir', '.', '--out-img-dir', 'x'], '4.jpg'),
        (['broken.json', 'o.json'], 'broken.json is not valid json'),
    ],
)
def test_mistakes_are_a_line(tmp_path, run_tool, monkeypatch, words, message):
    (tmp_path / 'c.json').write_text(json.dumps(make_coco()))
    (tmp_path / 'broken.json').write_text('{"images": [')
    monkeypatch.chdir(tmp_path)
    done = run_tool('dataset_converters/coco_subset', *words)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith('coco_subset: error: ') and message in line


@pytest.mark.parametrize(
    'tool, words, missing',
    [
        ('prepare_mini', ['no_coco', 'no_duts'], 'no_coco'),
        ('duts_single', ['no_duts', 'list.txt'], 'no_duts'),
        ('voc_sbd', ['no_voc', 'no_sbd'], 'no_voc'),
    ],
)
def test_a_missing_folder_is_a_line(
    tmp_path, run_tool, monkeypatch, tool, words, missing
):
    monkeypatch.chdir(tmp_path)
    done = run_tool(f'dataset_converters/{tool}', *words)
    assert done.returncode == 1
    line = done.stderr.splitlines()[-1]
    assert line.startswith(f'{tool}: error: ') and missing in line
    assert 'Traceback' not in done.stderr
    assert os.listdir(tmp_path) == []
