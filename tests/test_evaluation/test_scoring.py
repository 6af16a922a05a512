"""Scoring a file: numbers worked out by hand."""

import dataclasses
import json

import numpy as np
import pytest
from mask_files import make_files, rle

from mmboxcaseg.annotations import read_masks
from mmboxcaseg.evaluation import mask_ious


def score(paths, **options):
    return mask_ious(*map(read_masks, paths), **options)


def test_ious_worked_out_by_hand(tmp_path):
    paths = make_files(tmp_path)
    counts = []
    ious = score(paths, on_image=counts.append)
    assert len(ious) == 5 and ious.unusable == 1 and counts == [5]
    np.testing.assert_allclose(ious.ious, [1, 0.5, 0.3, 0, 0.6])
    np.testing.assert_allclose(ious.box_ious, [1, 0.5, 0.5, 0.25, 1])
    assert ious.areas.tolist() == [100, 50, 50, 25, 100]
    assert ious.labels.tolist() == [0, 0, 0, 1, 1]
    assert ious.agreement.tolist() == [0.9, 0.95, 0.3, 0.1, 0.8]
    assert ious.confidence is None and ious.boundary_ious is None
    # The file of the masks has them in reverse, without the crowd.
    assert ious.truth_places.tolist() == [0, 1, 2, 3, 4]
    assert ious.places.tolist() == [5, 4, 3, 2, 1]


def test_order_is_that_of_the_truth(tmp_path):

    def two_images(masks, truth):
        for ann in masks + truth:
            ann['image_id'] = 1 + ann['id'] % 2

    paths = make_files(tmp_path, two_images)
    with open(paths[1]) as file:
        content = json.load(file)
    content['images'].append(dict(content['images'][0], id=2))
    for path in paths:
        with open(path) as file:
            changed = json.load(file)
        changed['images'] = content['images']
        with open(path, 'w') as file:
            json.dump(changed, file)
    ious = score(paths)
    np.testing.assert_allclose(ious.ious, [1, 0.5, 0.3, 0, 0.6])
    assert ious.places.tolist() == [5, 4, 3, 2, 1]


def test_boundaries_and_the_truth_itself(tmp_path):
    _, truth = make_files(tmp_path)
    ious = score([truth, truth], boundary=True)
    assert (ious.ious == 1).all() and (ious.boundary_ious == 1).all()
    assert ious.agreement is None
    # 2 % of the diagonal are a pixel. The ring of the box of 10 x 10 pixels
    # has 36, that of its upper half 26, and 10 + 2 * 4 in common.
    assert ious.box_boundary_ious[1] == pytest.approx(18 / (36 + 26 - 18))


def test_a_part_of_the_columns(tmp_path):
    some = score(make_files(tmp_path)).take(np.array([4, 0]))
    assert some.places.tolist() == [1, 5] and some.unusable == 1
    np.testing.assert_allclose(some.ious, [0.6, 1])
    assert some.boundary_ious is None
    assert {
        len(column)
        for column in dataclasses.asdict(some).values()
        if isinstance(column, np.ndarray)
    } == {2}


def test_sizes_of_images_must_be_the_same(tmp_path):
    masks, truth = make_files(tmp_path)
    with open(masks) as file:
        content = json.load(file)
    content['images'][0]['width'] = 51
    with open(masks, 'w') as file:
        json.dump(content, file)
    with pytest.raises(ValueError, match=r'\(40, 51\) in .* \(40, 50\) in'):
        score([masks, truth])


def test_nothing_to_score(tmp_path):

    def only_outside(masks, truth):
        del masks[1:], truth[:6]

    with pytest.raises(ValueError, match='true.json: no annotation to score'):
        score(make_files(tmp_path, only_outside))


@pytest.mark.parametrize(
    'change, message',
    [
        (
            lambda masks, truth: masks.pop(0),
            '1 of 6 annotations of .*true.json are not in .*masks.json: 7;',
        ),
        (
            lambda masks, truth: truth.pop(0),
            '1 of 6 annotations of .*masks.json are not in .*true.json: 1;',
        ),
        (
            lambda masks, truth: masks[1].update(category_id=3),
            '"category_id" is 3 in .*masks.json, but 9 in .*true.json',
        ),
        (
            lambda masks, truth: masks[1].pop('proxy_agreement'),
            'annotation 5 has no "proxy_agreement", but others have',
        ),
        (
            lambda masks, truth: masks[1].pop('segmentation'),
            'masks.json: annotation 5 has no "segmentation"',
        ),
        (
            lambda masks, truth: masks[1].update(
                segmentation=rle(0, 0, 5, 5, (50, 40))
            ),
            r'masks.json: the mask of annotation 5 has .* \(50, 40\), '
            r'but its image has \(40',
        ),
    ],
)
def test_files_that_do_not_fit(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        score(make_files(tmp_path, change))


def test_skipped_boxes_are_counted_and_not_scored(tmp_path):
    def skip(masks, truth):
        for ann in masks:
            if ann['id'] in (2, 3):
                # What `boxcaseg masks` writes for boxes of a missing photo.
                ann.update(
                    segmentation=rle(0, 0, 0, 0), proxy_skipped='no photo', area=0
                )
                ann['proxy_agreement'] = 0

    ious = score(make_files(tmp_path, skip))
    assert ious.skipped == 2 and ious.unusable == 1
    np.testing.assert_allclose(ious.ious, [1, 0, 0.6])
    assert ious.truth_places.tolist() == [0, 3, 4]


def test_nothing_but_skipped_boxes(tmp_path):
    def skip(masks, truth):
        for ann in masks:
            ann['proxy_skipped'] = 'no photo'

    with pytest.raises(ValueError, match='all 5 boxes were skipped when masks'):
        score(make_files(tmp_path, skip))
