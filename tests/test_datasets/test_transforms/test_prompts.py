import cv2
import numpy as np
import pytest
import tiny
import torch
from pycocotools import mask as coco_mask

from mmboxcaseg.datasets.transforms import CropBoxes, PackBoxPrompts

BOXES = [(2, 3, 12, 9), (4.4, 0.6, 6.5, 2.49), (-3, -3, 100, 100), (7.2, 5.1, 7.4, 5.3)]
RECTS = [[2, 3, 12, 9], [4, 1, 7, 2], [0, 0, 24, 16], [7, 5, 8, 6]]


def photo():
    return np.random.default_rng(0).integers(0, 256, (16, 24, 3), dtype=np.uint8)


def test_crops_are_the_boxes():
    img = photo()
    results = CropBoxes(size=10)(dict(img=img, boxes=BOXES, height=16, width=24))
    assert results['rects'].tolist() == RECTS
    assert results['crops'].shape == (4, 10, 10, 3)
    assert results['crops'].dtype == np.uint8
    for crop, (x0, y0, x1, y1) in zip(results['crops'], RECTS):
        expected = cv2.resize(
            img[y0:y1, x0:x1], (10, 10), interpolation=cv2.INTER_LINEAR
        )
        assert (crop == expected).all()
    # A box of the crop's size is not touched.
    results = CropBoxes(size=8)(dict(img=img, boxes=[(3, 5, 11, 13)]))
    assert (results['crops'][0] == img[5:13, 3:11]).all()


def test_margins_show_what_is_around_the_box():
    img = photo()
    plain = CropBoxes(size=10)(dict(img=img, boxes=BOXES))
    assert 'windows' not in plain
    results = CropBoxes(size=10, margins=(0, 0.25))(dict(img=img, boxes=BOXES))
    assert (results['rects'] == plain['rects']).all()
    assert (results['crops'][::2] == plain['crops']).all()
    assert results['windows'].shape == (4, 2, 4)
    assert (results['windows'][:, 0] == (0, 0, 1, 1)).all()
    # A box of 10 x 6 pixels at (2, 3): 2.5 rounds to 3 and 1.5 to 2, and the
    # photo ends 2 pixels to the left.
    shown = cv2.resize(img[1:11, 0:15], (10, 10), interpolation=cv2.INTER_LINEAR)
    assert (results['crops'][1] == shown).all()
    np.testing.assert_allclose(
        results['windows'][0, 1], (2 / 15, 2 / 10, 12 / 15, 8 / 10)
    )
    # This box is the photo.
    assert (results['windows'][2] == (0, 0, 1, 1)).all()
    packed = PackBoxPrompts()(dict(results, ori_shape=(16, 24)))
    assert packed['inputs'].shape == (8, 3, 10, 10)
    assert packed['data_samples'].prompt_instances.windows.shape == (4, 2, 4)
    for margins in ((), (0, -0.1)):
        with pytest.raises(ValueError, match='margins is'):
            CropBoxes(margins=margins)


def test_size_of_the_photo_is_checked():
    with pytest.raises(ValueError, match='a.jpg: the photo is 24 x 16'):
        CropBoxes()(
            dict(img=photo(), boxes=BOXES, height=24, width=16, img_path='a.jpg')
        )


def test_packed():
    results = CropBoxes(size=10)(dict(img=photo(), boxes=BOXES))
    packed = PackBoxPrompts()(
        dict(
            results,
            img_id=7,
            img_path='a.jpg',
            ori_shape=(16, 24),
            labels=[1, 0, 1, 1],
            ann_ids=[5, 6, 8, 9],
            segmentations=[[[0, 0, 4, 0, 4, 4, 0, 4]]] * 4,
        )
    )
    inputs, sample = packed['inputs'], packed['data_samples']
    assert inputs.dtype == torch.uint8 and inputs.is_contiguous()
    assert (inputs.numpy() == results['crops'].transpose(0, 3, 1, 2)).all()
    assert (sample.img_id, sample.img_path, sample.ori_shape) == (7, 'a.jpg', (16, 24))
    prompts = sample.prompt_instances
    assert prompts.bboxes.tolist() == [list(box) for box in BOXES]
    assert prompts.rects.tolist() == RECTS
    assert prompts.labels.tolist() == [1, 0, 1, 1]
    assert prompts.ann_ids == [5, 6, 8, 9]
    for rle in prompts.true_rles:
        assert coco_mask.decode(rle)[:4, :4].all()
        assert coco_mask.area(rle) == 16
    few = PackBoxPrompts(meta_keys=())(dict(results, ori_shape=(16, 24)))
    assert set(few['data_samples'].prompt_instances.keys()) == {'bboxes', 'rects'}


def test_image_without_boxes():
    results = CropBoxes(size=10)(dict(img=photo(), boxes=[]))
    packed = PackBoxPrompts()(dict(results, ori_shape=(16, 24)))
    assert packed['inputs'].shape == (0, 3, 10, 10)
    assert packed['data_samples'].prompt_instances.bboxes.shape == (0, 4)


def test_shipped_pipeline(tmp_path):
    assert [step.type for step in tiny.pipelines().prompt] == [
        'LoadImageFromFile',
        'CropBoxes',
        'PackBoxPrompts',
    ]


def test_rectangles_that_are_larger_than_their_boxes():
    img = photo()
    results = CropBoxes(size=10, grow=0.25)(dict(img=img, boxes=BOXES))
    # 10 x 6 px at (2, 3): to -0.5 and 14.5, 1.5 and 10.5, and the photo ends
    # on the left. The second is 2.1 x 1.89 px, the third is the photo.
    assert results['rects'].tolist() == [
        [0, 2, 15, 11],
        [4, 0, 7, 3],
        [0, 0, 24, 16],
        [7, 5, 8, 6],
    ]
    shown = cv2.resize(img[2:11, :15], (10, 10), interpolation=cv2.INTER_LINEAR)
    assert (results['crops'][0] == shown).all() and 'windows' not in results
    for grow in (-0.1, float('nan')):
        with pytest.raises(ValueError, match='grow is'):
            CropBoxes(grow=grow)
