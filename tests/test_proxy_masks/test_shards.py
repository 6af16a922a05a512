import json
import os

import numpy as np
import pytest

from mmboxcaseg.masks import encode_rle
from mmboxcaseg.proxy_masks import (
    ShardWriter,
    check_settings,
    done_image_ids,
    prepare_shards,
    remove_shards,
)

SETTINGS = dict(merge=True, model_config=dict(model=dict(alpha=0.7)))


@pytest.fixture
def folder(tmp_path):
    folder = str(tmp_path / 'masks.json.shards')
    prepare_shards(folder, SETTINGS, resume=False)
    return folder


def append(writer, image_id, ann_id=1):
    rle = encode_rle(np.ones((2, 2), bool), (0, 0, 2, 2), 4, 5)
    writer.append(image_id, (4, 5), [ann_id], [rle], np.array([0.5]))


def test_results_are_on_disk_at_once(folder):
    assert done_image_ids(folder) == set()
    writers = ShardWriter(folder), ShardWriter(folder, rank=1)
    append(writers[0], 3)
    append(writers[1], 'x', ann_id=7)
    # Nothing has been closed: this is what a killed run leaves.
    assert done_image_ids(folder) == {3, 'x'}
    with open(os.path.join(folder, 'rank_0001.jsonl')) as file:
        line = json.loads(file.read())
    assert line['image_id'] == 'x' and line['size'] == [4, 5]
    assert line['instances'][0]['id'] == 7
    assert line['instances'][0]['agreement'] == 0.5
    for writer in writers:
        writer.close()


def test_an_image_is_written_once(folder):
    writer = ShardWriter(folder)
    append(writer, 3)
    append(writer, 3)
    writer.close()
    with open(os.path.join(folder, 'rank_0000.jsonl')) as file:
        assert len(file.readlines()) == 1


def test_confidence_is_written_where_there_is_one(folder):
    rle = encode_rle(np.ones((2, 2), bool), (0, 0, 2, 2), 4, 5)
    writer = ShardWriter(folder)
    writer.append(3, (4, 5), [1], [rle], np.array([0.5]), np.array([0.25]))
    append(writer, 4)
    writer.close()
    with open(os.path.join(folder, 'rank_0000.jsonl')) as file:
        items = [json.loads(line)['instances'][0] for line in file]
    assert [item.get('confidence') for item in items] == [0.25, None]


def test_numbers_of_instances_must_match(folder):
    writer = ShardWriter(folder)
    with pytest.raises(ValueError):
        writer.append(3, (4, 5), [1, 2], [], np.zeros(0))
    writer.close()
    assert done_image_ids(folder) == set()


@pytest.mark.parametrize('keep', range(1, 60, 7))
def test_torn_last_line_is_cut_off(folder, keep):
    writer = ShardWriter(folder)
    append(writer, 3)
    path = os.path.join(folder, 'rank_0000.jsonl')
    whole = os.path.getsize(path)
    append(writer, 4)
    writer.close()
    with open(path, 'rb') as file:
        untorn = file.read()
    os.truncate(path, whole + keep)
    assert done_image_ids(folder) == {3}
    writer = ShardWriter(folder)
    assert os.path.getsize(path) == whole and writer.done == {3}
    append(writer, 4)
    writer.close()
    with open(path, 'rb') as file:
        assert file.read() == untorn


def test_damaged_line_in_the_middle_is_done_again(folder):
    path = os.path.join(folder, 'rank_0000.jsonl')
    writer = ShardWriter(folder)
    append(writer, 3)
    start = os.path.getsize(path)
    append(writer, 4)
    append(writer, 5)
    writer.close()
    with open(path, 'r+b') as file:
        file.seek(start)
        file.write(b'\0' * 20)
    assert done_image_ids(folder) == {3}
    ShardWriter(folder).close()
    assert os.path.getsize(path) == start


def test_resuming_keeps_and_starting_removes(folder):
    writer = ShardWriter(folder)
    append(writer, 3)
    writer.close()
    prepare_shards(folder, SETTINGS, resume=True)
    assert done_image_ids(folder) == {3}
    prepare_shards(folder, SETTINGS, resume=False)
    assert done_image_ids(folder) == set()


def test_other_settings_are_refused(folder):
    assert check_settings(folder, json.loads(json.dumps(SETTINGS)))
    other = dict(merge=False, model_config=dict(model=dict(alpha=0.6)))
    with pytest.raises(ValueError) as error:
        prepare_shards(folder, other, resume=True)
    assert 'merge: false now, true in the shards' in str(error.value)
    assert 'model_config.model.alpha: 0.6 now, 0.7' in str(error.value)
    assert '--resume' in str(error.value)
    prepare_shards(folder, other, resume=False)
    assert check_settings(folder, other)


def test_nothing_to_resume(tmp_path):
    folder = str(tmp_path / 'none.shards')
    assert done_image_ids(folder) == set()
    assert not check_settings(folder, SETTINGS)
    prepare_shards(folder, SETTINGS, resume=True)
    assert check_settings(folder, SETTINGS)


def test_remove_shards(folder):
    append(ShardWriter(folder), 3)
    os.makedirs(f'{folder}.joined/left-over')
    remove_shards(folder)
    assert os.listdir(os.path.dirname(folder)) == []
