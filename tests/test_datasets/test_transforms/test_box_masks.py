import numpy as np
import pytest
from mmdet.structures.bbox import HorizontalBoxes
from mmdet.structures.mask import BitmapMasks

from mmboxcaseg.datasets.transforms import decode_weights
from mmboxcaseg.registry import TRANSFORMS

BOXES = [[2, 1, 6, 4], [0.6, 0.5, 3.2, 2.0], [-3, 4.9, 20, 30], [5, 5, 5, 7]]


def touched(box, height, width):
    """Pixels that a box touches, one by one."""
    return [
        [
            box[0] < x + 1 and x < box[2] and box[1] < y + 1 and y < box[3]
            for x in range(width)
        ]
        for y in range(height)
    ]


@pytest.mark.parametrize('as_boxes', [True, False])
def test_masks_are_the_boxes(as_boxes):
    boxes = np.array(BOXES, dtype=np.float32)
    # Masks that were loaded are of no account.
    loaded = BitmapMasks(np.ones((4, 8, 10), np.uint8), 8, 10)
    results = TRANSFORMS.build(dict(type='BoxesAsMasks'))(
        dict(
            gt_bboxes=HorizontalBoxes(boxes) if as_boxes else boxes,
            gt_masks=loaded,
            img_shape=(8, 10),
        )
    )
    masks = results['gt_masks']
    assert isinstance(masks, BitmapMasks)
    assert (masks.height, masks.width) == (8, 10)
    assert masks.masks.astype(bool).tolist() == [touched(box, 8, 10) for box in BOXES]


def test_image_without_boxes():
    results = TRANSFORMS.build(dict(type='BoxesAsMasks'))(
        dict(gt_bboxes=np.zeros((0, 4), np.float32), img_shape=(8, 10))
    )
    assert results['gt_masks'].masks.shape == (0, 8, 10)


def test_masks_with_a_weight():
    def load(**kwargs):
        step = TRANSFORMS.build(dict(type='BoxesAsMasks', **kwargs))
        return step(
            dict(
                gt_bboxes=np.array(BOXES, dtype=np.float32),
                gt_bboxes_labels=np.array([3, 0, 19, 7]),
                img_shape=(8, 10),
            )
        )['gt_bboxes_labels']

    assert load().tolist() == [3, 0, 19, 7]
    for weight in (0.0, 0.25, 1.0):
        labels, weights = decode_weights(load(weight=weight))
        assert labels.tolist() == [3, 0, 19, 7]
        assert weights.tolist() == [weight] * 4
    with pytest.raises(ValueError, match='weight=2 must lie in'):
        load(weight=2)
