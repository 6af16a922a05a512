"""Scores of masks by their boxes, and by true masks that are known."""

import json

import numpy as np
import pytest

from mmboxcaseg.evaluation.box_fit import BoxFits, box_fits, known_masks
from mmboxcaseg.masks import encode_rle

# A photo of 10 x 20; a mask that fills its box, one that fills a half of it.
RECTS = np.array([[2, 1, 6, 5], [10, 2, 18, 6]])
MASKS = [np.ones((4, 4), bool), np.arange(8)[None].repeat(4, 0) < 4]


def fits(truth):
    return box_fits(
        ['a', 'b'], MASKS, RECTS, RECTS.astype(float), [0.5, 0.7], (10, 20), truth
    )


def test_scores_by_hand():
    truth = np.zeros((10, 20), bool)
    # 16 pixels, of which the mask of "b" has 8 among its own 16.
    truth[2:6, 12:16] = True
    rle = encode_rle(truth, [0, 0, 20, 10], 10, 20)
    found = fits({'b': rle, 'c': rle})
    assert found.agreement.tolist() == [1.0, 0.5]
    assert found.confidence.tolist() == [0.5, 0.7]
    assert found.known.tolist() == [False, True]
    assert found.iou[1] == pytest.approx(8 / 24)
    mean = found.summary()
    assert (mean.boxes, mean.true_masks) == (2, 1)
    assert mean.miou == pytest.approx(100 / 3)
    assert str(mean) == 'mIoU 33.3, agreement 0.750, confidence 0.600'


def test_without_true_masks():
    mean = fits({}).summary()
    assert mean.miou is None and str(mean).startswith('agreement 0.750')


def test_join_and_json():
    joined = BoxFits.join([fits({}), fits({})])
    assert joined.box_ids == ('a', 'b', 'a', 'b') and len(joined) == 4
    again = BoxFits.from_json(json.loads(json.dumps(joined.to_json())))
    assert again.box_ids == joined.box_ids
    assert again.agreement.tolist() == joined.agreement.tolist()
    assert np.isnan(again.iou).all()


def test_known_masks_are_given_ones(tmp_path):
    outline = [[1.0, 1.0, 9.0, 1.0, 5.0, 8.0]]
    anns = [
        dict(id=1, image_id=1, category_id=1, bbox=[1, 1, 8, 7], segmentation=outline),
        dict(id=2, image_id=1, category_id=1, bbox=[1, 1, 8, 7]),
        dict(
            id=3,
            image_id=1,
            category_id=1,
            bbox=[1, 1, 8, 7],
            segmentation=outline,
            proxy_agreement=0.9,
        ),
    ]
    path = tmp_path / 'boxes.json'
    path.write_text(
        json.dumps(
            dict(
                images=[dict(id=1, file_name='a.png', height=10, width=20)],
                annotations=anns,
                categories=[dict(id=1, name='x')],
            )
        )
    )
    assert list(known_masks(str(path))) == [1]
