"""Rounds of a training: their iterations, and the masks that they learn from."""

import json

import numpy as np
import pytest
from mask_files import rle
from own_data import SIZE, write_own_data

from mmboxcaseg.annotations import read_boxes, read_masks
from mmboxcaseg.training import (
    add_masks,
    boxes_of_round,
    masks_of_rounds,
    part_of,
    round_ends,
    training_boxes,
)


@pytest.fixture
def boxes(tmp_path):
    """Function that writes data and gives the boxes of a training."""

    def make(keep_masks=False, **kwargs):
        write_own_data(tmp_path, **kwargs)
        read = read_boxes(
            str(tmp_path / 'boxes.json'), str(tmp_path / 'photos'), keep_masks=True
        )
        return training_boxes(read, keep_masks)

    return make


@pytest.mark.parametrize(
    'iters, rounds, ends',
    [(10, 1, [10]), (10, 3, [3, 6, 10]), (3, 3, [1, 2, 3]), (2, 5, [1, 2])],
)
def test_every_round_has_iterations(iters, rounds, ends):
    assert round_ends(iters, rounds) == ends


def test_as_many_boxes_as_patches(boxes):
    made = boxes(photos=12, each=3)
    few, again, all_of_them = (boxes_of_round(made, most) for most in (7, 7, 10**6))
    # Three photos of three boxes each are the fewest with seven.
    assert len(few['images']) == 3 and len(few['annotations']) == 9
    assert few == again != boxes_of_round(made, 7, seed=1)
    assert len(all_of_them['annotations']) == 33
    # No box of a photo that is kept aside.
    aside = np.flatnonzero(made.aside)
    ids = {made.boxes.image_ids[one] for one in aside}
    assert ids and not ids & {one['image_id'] for one in all_of_them['annotations']}


def test_masks_between_rounds_are_counted(boxes):
    made = boxes(photos=12, each=3)
    # Rounds of 4, 4 and 5 iterations: 8 and 10 patches of 33 boxes.
    assert masks_of_rounds(made, round_ends(13, 3), batch_size=2) == 18
    assert masks_of_rounds(made, round_ends(13, 3), batch_size=8) == 32 + 33
    assert masks_of_rounds(made, round_ends(13, 1), batch_size=8) == 0
    assert masks_of_rounds(made, round_ends(0, 2), batch_size=8) == 0


def test_given_masks_go_along(boxes):
    content = boxes_of_round(boxes(photos=12, masks=True), 10**6)
    assert not any('segmentation' in one for one in content['annotations'])
    content = boxes_of_round(boxes(photos=12, masks=True, keep_masks=True), 10**6)
    assert all('segmentation' in one for one in content['annotations'])


def test_confident_masks_are_added(boxes, tmp_path):
    def earlier(data):
        for ann in data['annotations']:
            # Its masks are of an earlier run.
            ann.update(proxy_agreement=0.9, proxy_confidence=0.1)

    made = boxes(photos=12, each=3, change=earlier)
    content = part_of(made.boxes, made.training, made.taught)
    first, second, third = content['annotations'][:3]
    mask = rle(1, 2, 9, 8, SIZE)
    # What `boxcaseg masks` would write for two boxes of this photo.
    masked = dict(
        content,
        images=[one for one in content['images'] if one['id'] == first['image_id']],
        annotations=[
            dict(ann, segmentation=mask, proxy_agreement=1.0, proxy_confidence=score)
            for ann, score in ((first, 0.5), (second, 0.49))
        ],
    )
    (tmp_path / 'masks.json').write_text(json.dumps(masked))
    out = add_masks(content, read_masks(str(tmp_path / 'masks.json')))
    (tmp_path / 'out.json').write_text(json.dumps(out))
    assert [one['id'] for one in out['annotations']] == [
        one['id'] for one in content['annotations']
    ]
    assert out['annotations'][0]['segmentation'] == mask
    assert not any(key.startswith('proxy_') for key in out['annotations'][0])
    assert out['annotations'][1:] == content['annotations'][1:]
    # A training takes it for a mask to learn from.
    read = read_boxes(
        str(tmp_path / 'out.json'), str(tmp_path / 'photos'), keep_masks=True
    )
    assert [read.box_ids[place] for place in read.kept] == [first['id']]


def test_masks_that_boxes_have_stay(boxes, tmp_path):
    made = boxes(photos=12, masks=True, keep_masks=True)
    content = part_of(made.boxes, made.training, made.taught)
    masked = json.loads(json.dumps(content))
    for ann in masked['annotations']:
        ann.update(
            segmentation=rle(0, 0, 5, 5, SIZE), proxy_agreement=1, proxy_confidence=1
        )
    (tmp_path / 'masks.json').write_text(json.dumps(masked))
    assert add_masks(content, read_masks(str(tmp_path / 'masks.json'))) == content
