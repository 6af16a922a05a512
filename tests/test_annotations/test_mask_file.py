import json

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from mmboxcaseg.annotations import read_masks, read_proxy_masks

# A square of 4 x 3 pixels at (2, 1), as polygon.
SQUARE = [[2, 1, 6, 1, 6, 4, 2, 4]]


def write(path, *anns, **more):
    anns = [
        dict(id=i, image_id=1, category_id=1, bbox=[2, 1, 4, 3], **ann)
        for i, ann in enumerate(anns, 1)
    ]
    data = dict(
        images=[dict(id=1, file_name='a.jpg', height=10, width=12)],
        annotations=anns,
        categories=[dict(id=1, name='cat')],
        **more,
    )
    path.write_text(json.dumps(data))
    return str(path)


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'masks.json'


def test_true_masks(path):
    masks = read_masks(write(path, dict(segmentation=SQUARE), dict()))
    assert masks.agreement is None and masks.confidence is None
    assert masks.scores == {} and masks.made == {}
    expected = np.zeros((10, 12), np.uint8)
    expected[1:4, 2:6] = 1
    assert (coco_mask.decode(masks.rle(0)) == expected).all()
    assert isinstance(masks.rle(0)['counts'], str)
    with pytest.raises(ValueError, match='annotation 2 has no "segmentation"'):
        masks.rle(1)


def test_no_polygons(path):
    # In a file of boxes they say that there is no mask ...
    masks = read_masks(write(path, dict(segmentation=[])))
    with pytest.raises(ValueError, match='no "segmentation"'):
        masks.rle(0)
    # ... and where there is a score that it is empty.
    masks = read_masks(write(path, dict(segmentation=[], proxy_agreement=0)))
    assert coco_mask.area(masks.rle(0)) == 0


def test_mask_of_another_size(path):
    rle = dict(size=[12, 10], counts=[120])
    masks = read_masks(write(path, dict(segmentation=rle)))
    assert masks.size(0) == (10, 12)
    with pytest.raises(ValueError, match=r'\(12, 10\), but its image has \(10, 12\)'):
        masks.rle(0)


def test_scores(path):
    scored = dict(segmentation=SQUARE, proxy_agreement=1)
    crowd = dict(segmentation=SQUARE, iscrowd=1)
    made = dict(merge=True)
    masks = read_proxy_masks(
        write(
            path,
            dict(scored, proxy_confidence=0.5),
            crowd,
            dict(scored, proxy_agreement=0.25, proxy_confidence=0),
            info=dict(proxy_masks=made),
        )
    )
    np.testing.assert_equal(masks.agreement, [1, np.nan, 0.25])
    np.testing.assert_equal(masks.confidence, [0.5, np.nan, 0])
    assert list(masks.scores) == ['agreement', 'confidence']
    assert masks.made == made
    assert read_proxy_masks(write(path, scored)).confidence is None


@pytest.mark.parametrize(
    'anns, message',
    [
        ((dict(segmentation=SQUARE),), 'annotation 1 has no "proxy_agreement"'),
        ((dict(proxy_agreement=0.5),), 'annotation 1 has no'),
        ((dict(segmentation=SQUARE, proxy_agreement=1.5),), 'number from 0 to 1'),
        ((dict(segmentation=SQUARE, proxy_agreement=True),), 'number from 0 to'),
        (
            (dict(segmentation=SQUARE, proxy_agreement=0.5), dict()),
            'annotation 2 has no "proxy_agreement", but others have',
        ),
    ],
)
def test_files_of_another_kind(path, anns, message):
    with pytest.raises(ValueError, match=message):
        read_proxy_masks(write(path, *anns))
