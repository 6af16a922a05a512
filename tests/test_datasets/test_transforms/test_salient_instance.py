import cv2
import numpy as np
import pytest
import slow
from mmdet.structures.bbox import HorizontalBoxes
from mmdet.structures.mask import BitmapMasks

from mmboxcaseg.registry import TRANSFORMS

# An object of two pieces, and a grey edge that is none of it.
MASK = np.zeros((8, 10), np.uint8)
MASK[2:4, 3:7] = MASK[5, 8] = 255
MASK[1, 3:7] = 127


def load(tmp_path, mask, shape=None):
    path = str(tmp_path / 'mask.png')
    cv2.imwrite(path, mask)
    img = np.zeros((*(shape or mask.shape), 3), np.uint8)
    return TRANSFORMS.build(dict(type='LoadSalientInstance'))(
        dict(img=img, mask_path=path, bbox_label=20)
    )


def test_one_object_with_its_tight_box(tmp_path):
    results = load(tmp_path, MASK)
    assert isinstance(results['gt_bboxes'], HorizontalBoxes)
    assert results['gt_bboxes'].numpy().tolist() == [list(slow.tight_box(MASK == 255))]
    assert results['gt_bboxes_labels'].tolist() == [20]
    assert results['gt_ignore_flags'].tolist() == [False]
    masks = results['gt_masks']
    assert isinstance(masks, BitmapMasks) and (masks.height, masks.width) == (8, 10)
    assert (masks.masks == (MASK == 255)).all() and len(masks) == 1
    # Nothing that would be packed as a map of classes.
    assert 'gt_seg_map' not in results and 'seg_fields' not in results


def test_an_empty_mask_shows_nothing(tmp_path):
    assert load(tmp_path, np.zeros_like(MASK)) is None


def test_mask_of_another_size(tmp_path):
    with pytest.raises(ValueError, match='must be the same'):
        load(tmp_path, MASK, shape=(8, 11))
