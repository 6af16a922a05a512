"""Masks by any function: the same as by hand, and errors that name the cause."""

import json

import cv2
import numpy as np
import pytest

from mmboxcaseg.annotations import read_masks
from mmboxcaseg.masks import decode_rle, encode_rle
from mmboxcaseg.proxy_masks.mask_function import load_predictor, predictor_masks

HEIGHT, WIDTH = 40, 60
# A large box and a small one inside it; their true masks are the boxes.
BOXES = [[0, 0, 40, 40], [10, 10, 10, 20]]


@pytest.fixture
def files(tmp_path):
    photo = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    photo[..., 2] = 200  # red, in BGR
    cv2.imwrite(str(tmp_path / 'a.png'), photo)
    anns = []
    for index, (x, y, w, h) in enumerate(BOXES):
        rle = encode_rle(np.ones((h, w), bool), (x, y, x + w, y + h), HEIGHT, WIDTH)
        anns.append(
            dict(
                id=index,
                image_id=1,
                category_id=1,
                bbox=BOXES[index],
                iscrowd=0,
                segmentation=rle,
            )
        )
    content = dict(
        images=[dict(id=1, file_name='a.png', height=HEIGHT, width=WIDTH)],
        annotations=anns,
        categories=[dict(id=1, name='thing')],
    )
    (tmp_path / 'truth.json').write_text(json.dumps(content))
    return tmp_path


def filled(value_of_small, value_of_large=0.8):
    """Everything is object, of the large and of the small box."""

    def predict(photo, boxes):
        assert photo.dtype == np.uint8 and photo[0, 0].tolist() == [200, 0, 0]
        assert boxes.tolist() == [[0, 0, 40, 40], [10, 10, 20, 30]]
        values = value_of_large, value_of_small
        return [np.full((HEIGHT, WIDTH), value, np.float32) for value in values]

    return predict


def areas(files, predict, **options):
    truth = read_masks(str(files / 'truth.json'))
    content, seconds = predictor_masks(truth, predict, str(files), **options)
    assert seconds > 0
    return [decode_rle(ann['segmentation']).sum() for ann in content['annotations']]


def test_cut_to_their_boxes_and_merged(files):
    assert areas(files, filled(0.6)) == [1600 - 200, 200]
    assert areas(files, filled(0.6), merge=False) == [1600, 200]
    assert areas(files, filled(0.4)) == [1600, 0]


def test_merged_by_probability(files):
    # 8 ** 0.1 = 1.23 times 0.6 is less than 0.8, 8 ** 0.2 = 1.52 times is more.
    assert areas(files, filled(0.6), merge_exponent=0.1) == [1600, 0]
    assert areas(files, filled(0.6), merge_exponent=0.2) == [1400, 200]
    # 0.8 is less than 1.1 * 1.23 * 0.6, so both masks keep the pixels.
    rule = dict(merge_exponent=0.1, merge_tolerance=1.1)
    assert areas(files, filled(0.6), **rule) == [1600, 200]


@pytest.mark.parametrize(
    'rule, message',
    [
        (dict(merge_exponent=-0.1), 'the exponent is -0.1'),
        (dict(merge_exponent=0.1, merge_tolerance=0.9), 'the tolerance is 0.9'),
        (dict(merge_tolerance=1.3), 'merge_tolerance is 1.3, which needs merge_exp'),
    ],
)
def test_wrong_rules_are_no_errors_of_the_function(files, rule, message):
    with pytest.raises(ValueError, match=f'^{message}'):
        areas(files, filled(0.6), **rule)


@pytest.mark.parametrize(
    'outputs, message',
    [
        ([np.ones((HEIGHT, WIDTH))], '1 masks for 2 boxes'),
        ([np.ones((3, 4))] * 2, r'shape \(3, 4\) for a photo of shape \(40, 60\)'),
        ([np.full((HEIGHT, WIDTH), 7.0)] * 2, 'not logits'),
        ([np.full((HEIGHT, WIDTH), np.nan)] * 2, 'not logits'),
    ],
)
def test_what_is_no_mask(files, outputs, message):
    with pytest.raises(ValueError, match=f'a.png: .*{message}'):
        areas(files, lambda photo, boxes: outputs)


def test_found_in_the_working_directory(tmp_path, monkeypatch):
    (tmp_path / 'a_network.py').write_text('number = 3\ndef masks(p, b): return []\n')
    monkeypatch.chdir(tmp_path)
    assert load_predictor('a_network:masks')(None, None) == []
    for name, message in (
        ('a_network', 'module:function'),
        ('a_network:nothing', 'nothing'),
        ('no_network:masks', 'no_network'),
        ('a_network:number', 'not a function'),
    ):
        with pytest.raises(ValueError, match=message):
            load_predictor(name)
