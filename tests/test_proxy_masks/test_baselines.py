"""Masks without a network, on a bright disc on a dark ground."""

import json

import cv2
import numpy as np
import pytest

from mmboxcaseg.annotations import read_masks
from mmboxcaseg.masks import decode_rle, encode_rle
from mmboxcaseg.proxy_masks.baselines import (
    GrabCutOptions,
    baseline_masks,
    grabcut_mask,
)

HEIGHT, WIDTH = 60, 90
RECT = (20, 10, 60, 50)


def photo_and_truth():
    """A bright disc on a dark, noisy ground."""
    rng = np.random.default_rng(0)
    photo = rng.integers(20, 60, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    truth = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.circle(truth, (40, 30), 19, 1, -1)
    photo[truth > 0] = rng.integers(180, 220, (truth.sum(), 3), np.uint8)
    return photo, truth > 0


@pytest.fixture
def files(tmp_path):
    photo, truth = photo_and_truth()
    cv2.imwrite(str(tmp_path / 'a.png'), photo)
    rle = encode_rle(truth, (0, 0, WIDTH, HEIGHT), HEIGHT, WIDTH)
    x0, y0, x1, y1 = RECT
    boxes = [
        [x0, y0, x1 - x0, y1 - y0],
        [30, 20, 10, 10],
        [0, 0, 20, 20],
        [200, 0, 5, 5],
    ]
    anns = [
        dict(
            id=index,
            image_id=7,
            category_id=1,
            bbox=box,
            iscrowd=int(index == 2),
            segmentation=rle,
        )
        for index, box in enumerate(boxes)
    ]
    path = tmp_path / 'boxes.json'
    path.write_text(
        json.dumps(
            dict(
                images=[
                    dict(id=7, file_name='a.png', height=HEIGHT, width=WIDTH),
                    dict(id=8, file_name='no.png', height=HEIGHT, width=WIDTH),
                ],
                annotations=anns,
                categories=[dict(id=1, name='disc')],
            )
        )
    )
    return tmp_path


def make(files, method, **options):
    truth = read_masks(str(files / 'boxes.json'))
    return baseline_masks(truth, method, str(files), **options)


def test_grabcut_finds_the_disc():
    photo, truth = photo_and_truth()
    mask = grabcut_mask(photo, RECT)
    x0, y0, x1, y1 = RECT
    assert mask.shape == (y1 - y0, x1 - x0) and mask.dtype == bool
    assert (mask != truth[y0:y1, x0:x1]).mean() < 0.01
    assert (grabcut_mask(photo, RECT) == mask).all()
    # At half the size, as where boxes are large.
    small = grabcut_mask(photo, RECT, GrabCutOptions(side=24))
    assert small.shape == mask.shape
    assert (small != truth[y0:y1, x0:x1]).mean() < 0.08


def test_where_grabcut_can_tell_nothing_the_box_is_filled():
    photo, _ = photo_and_truth()
    assert grabcut_mask(photo, (0, 0, WIDTH, HEIGHT)).all()
    assert grabcut_mask(photo, (5, 5, 7, 8)).all()
    # Nothing in the box differs from what is around it.
    flat = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    assert grabcut_mask(flat, RECT).all()


@pytest.mark.parametrize('options', [dict(margin=0), dict(side=7), dict(iterations=0)])
def test_options_out_of_range(options):
    with pytest.raises(ValueError, match='GrabCut needs'):
        GrabCutOptions(**options)


def test_masks_are_those_of_the_boxes(files):
    counts = []
    content = make(files, 'box', merge=False, on_image=counts.append)
    # The photo without boxes is not looked for.
    assert counts == [2]
    first, second, crowd, outside = content['annotations']
    mask = decode_rle(first['segmentation'])
    x0, y0, x1, y1 = RECT
    assert mask[y0:y1, x0:x1].all() and mask.sum() == first['area'] == 1600
    assert first['proxy_agreement'] == second['proxy_agreement'] == 1
    assert 'proxy_agreement' not in crowd
    assert outside['area'] == outside['proxy_agreement'] == 0
    assert content['info']['proxy_masks'] == dict(method='box', merge=False)
    # Merged, the smaller box has its pixels to itself.
    merged = make(files, 'box')['annotations']
    assert merged[0]['area'] == 1500 and merged[1]['area'] == 100


def test_the_result_is_read_as_proxy_masks(files):
    path = files / 'made.json'
    path.write_text(json.dumps(make(files, 'box')))
    made = read_masks(str(path))
    assert made.made['method'] == 'box' and made.confidence is None
    np.testing.assert_array_equal(made.agreement[[0, 1, 3]], [1, 1, 0])


def test_true_masks_as_proxy_masks(files):
    truth = json.loads((files / 'boxes.json').read_text())['annotations'][0]
    made = make(files, 'truth', merge=False)['annotations'][0]
    # A disc of radius 19 inside a box of 40 x 40 pixels.
    assert made['segmentation'] == truth['segmentation']
    assert made['proxy_agreement'] == pytest.approx(39 * 39 / 1600)


def test_grabcut_from_files(files):
    content = make(files, 'grabcut', merge=False)
    _, truth = photo_and_truth()
    mask = decode_rle(content['annotations'][0]['segmentation'])
    assert (mask & truth).sum() > 0.98 * (mask | truth).sum()
    assert content['info']['proxy_masks'] == dict(
        method='grabcut', merge=False, margin=0.1, side=256, iterations=5
    )


def test_faults_are_named(files):
    with pytest.raises(ValueError, match="must be one of .* not 'boxes'"):
        make(files, 'boxes')
    data = json.loads((files / 'boxes.json').read_text())
    del data['annotations'][1]['segmentation']
    (files / 'boxes.json').write_text(json.dumps(data))
    with pytest.raises(ValueError, match='annotation 1 has no "segmentation"'):
        make(files, 'truth')
    cv2.imwrite(str(files / 'a.png'), np.zeros((HEIGHT, 3, 3), np.uint8))
    with pytest.raises(ValueError, match='a.png: the photo is 3 x 60 pixels'):
        make(files, 'grabcut')
    (files / 'a.png').unlink()
    with pytest.raises(ValueError, match='a.png: No such file or directory'):
        make(files, 'grabcut')
