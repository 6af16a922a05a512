"""What is trained on, what is kept aside, and the files of both."""

import json
import logging
from dataclasses import replace

import numpy as np
import pytest
from own_data import write_own_data

from mmboxcaseg.annotations import read_boxes
from mmboxcaseg.training import (
    salient_folders,
    training_boxes,
    write_training_boxes,
)


@pytest.fixture
def read(tmp_path):
    """Function that writes data and reads it as a training does."""

    def run(change=lambda content: None, **kwargs):
        write_own_data(tmp_path, change=change, **kwargs)
        return read_boxes(
            str(tmp_path / 'boxes.json'), str(tmp_path / 'photos'), keep_masks=True
        )

    return run


def content(path):
    return json.loads(path.read_text())


def test_photos_are_apart(read, tmp_path):
    boxes = training_boxes(read(photos=12, each=3), keep_masks=False)
    write_training_boxes(boxes, str(tmp_path))
    train, aside = (
        content(tmp_path / f'{name}.json') for name in ('train', 'kept_aside')
    )
    names = [{one['file_name'] for one in part['images']} for part in (train, aside)]
    assert not names[0] & names[1] and len(names[0] | names[1]) == 12
    assert len(train['annotations']) + len(aside['annotations']) == 36
    # 15 % of 36 boxes, three in each photo.
    assert len(aside['annotations']) == 3
    assert '36' not in boxes.summary() and '33 boxes of 11 photos' in boxes.summary()


def test_what_is_not_used(read, caplog):
    def change(data):
        data['annotations'][0]['bbox'][2] = -1
        data['annotations'][1]['iscrowd'] = 1
        data['images'].append(dict(id=99, file_name='gone.png', height=9, width=9))
        data['annotations'].append(
            dict(id=999, image_id=99, category_id=1, bbox=[1, 1, 5, 5])
        )

    with caplog.at_level(logging.WARNING, 'mmboxcaseg'):
        boxes = training_boxes(read(change), keep_masks=False)
    assert np.flatnonzero(~boxes.used).tolist() == [0, 1, len(boxes.used) - 1]
    assert 'gone.png' in caplog.text and '1 boxes cover nothing' in caplog.text


def test_masks_that_teach(read, tmp_path):
    mask = [[2.0, 2.0, 20.0, 2.0, 11.0, 18.0]]

    def change(data):
        for ann in data['annotations']:
            ann['segmentation'] = mask
        data['annotations'][4].update(proxy_agreement=0.9, proxy_confidence=0.9)
        data['annotations'][5].update(proxy_agreement=1.0, proxy_source='kept')

    boxes = read(change)
    marked = training_boxes(boxes, keep_masks=False)
    assert np.flatnonzero(marked.taught).tolist() == [5]
    every = training_boxes(boxes, keep_masks=True)
    assert np.flatnonzero(~every.taught).tolist() == [4]
    # Whatever teaches, the others are scored against.
    assert marked.given.sum() == len(marked.given) - 1
    write_training_boxes(marked, str(tmp_path))
    train, aside = (
        content(tmp_path / f'{name}.json') for name in ('train', 'kept_aside')
    )
    with_masks = [one['id'] for one in train['annotations'] if 'segmentation' in one]
    taught = boxes.box_ids[5]
    assert with_masks in ([taught], []) and all(
        'segmentation' in one for one in aside['annotations'] if one['id'] != 5
    )


@pytest.mark.parametrize(
    'taught, repeats',
    # Of 33 boxes: 1 in 5 of the 32 others is six times it, of 25 others one.
    [(1, 6), (2, 3), (8, 1), (33, 1)],
)
def test_few_masks_are_repeated(read, taught, repeats):
    boxes = training_boxes(read(photos=12, each=3), keep_masks=False)
    places = np.flatnonzero(boxes.training)[:taught]
    chosen = np.isin(np.arange(len(boxes.used)), places)
    assert replace(boxes, taught=chosen).repeats == repeats


def test_few_boxes(read, caplog):
    with caplog.at_level(logging.WARNING, 'mmboxcaseg'):
        training_boxes(read(photos=5, each=4), keep_masks=False)
    assert '20 boxes are few' in caplog.text
    with pytest.raises(ValueError, match='18 boxes can be used'):
        training_boxes(read(photos=6, each=3), keep_masks=False)


def test_photos_elsewhere(read, tmp_path):
    boxes = read()
    for photo in (tmp_path / 'photos').iterdir():
        photo.unlink()
    boxes = read_boxes(str(tmp_path / 'boxes.json'), str(tmp_path / 'photos'))
    with pytest.raises(FileNotFoundError, match='give the folder that they are in'):
        training_boxes(boxes, keep_masks=False)


def test_salient_folders(tmp_path):
    for name in ('DUTS-TR-Image', 'DUTS-TR-Mask', '.cache'):
        (tmp_path / name).mkdir()
    images, masks = salient_folders(str(tmp_path))
    assert images.endswith('DUTS-TR-Image') and masks.endswith('DUTS-TR-Mask')
    (tmp_path / 'more').mkdir()
    with pytest.raises(ValueError, match="'more'"):
        salient_folders(str(tmp_path))
