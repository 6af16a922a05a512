"""Which masks were given, and are kept."""

import logging

import numpy as np
import pytest

from mmboxcaseg.annotations.coco import to_box_file
from mmboxcaseg.annotations.given import given_places, keep_given_masks
from mmboxcaseg.masks import decode_rle, encode_rle

SIZE = 20, 30
TRIANGLE = [[4, 4, 12, 4, 4, 12]]


def box_file(*anns, path='boxes.json'):
    """Annotations of one photo of 30 x 20 pixels, all with the same box."""
    base = dict(image_id=1, category_id=1, bbox=[4, 4, 8, 8], iscrowd=0)
    content = dict(
        images=[dict(id=1, file_name='a.jpg', height=20, width=30)],
        categories=[dict(id=1, name='thing')],
        annotations=[{**base, 'id': 7 + i, **ann} for i, ann in enumerate(anns)],
    )
    return to_box_file(content, path, 'digest')


def rle(*pixels, size=SIZE):
    mask = np.zeros(size, bool)
    for y, x in pixels:
        mask[y, x] = True
    return encode_rle(mask, (0, 0, size[1], size[0]), *size)


def test_what_was_given():
    boxes = box_file(
        dict(),
        dict(segmentation=TRIANGLE),
        dict(segmentation=[]),
        dict(segmentation=TRIANGLE, proxy_agreement=1.0),
        dict(segmentation=TRIANGLE, proxy_agreement=1.0, proxy_source='kept'),
        dict(segmentation=rle((5, 5)), iscrowd=1),
        dict(segmentation=rle((5, 5))),
    )
    given = [False, True, False, False, True, False, True]
    assert given_places(boxes).tolist() == given
    kept = keep_given_masks(boxes)
    assert sorted(kept.kept) == [1, 4, 6]
    assert kept.kept[6] == rle((5, 5))
    # pycocotools fills a triangle of 8 x 8 px; half of the square, about.
    assert 28 <= decode_rle(kept.kept[1]).sum() <= 36
    assert kept.usable.tolist() == [True, False, True, True, False] + [False] * 2
    assert kept.wanted.tolist() == [0]
    # The one that was read is as it was.
    assert boxes.usable.sum() == 6 and not boxes.kept


def test_a_part_keeps_its_masks():
    boxes = box_file(dict(), dict(segmentation=TRIANGLE), dict(image_id=1))
    part = keep_given_masks(boxes)._part(
        np.array([True]), np.array([False, True, True]), np.array([True])
    )
    assert list(part.kept) == [0] and part.usable.tolist() == [False, True]


@pytest.mark.parametrize(
    'corners',
    [
        [4, 4, 12, 4, 12, 12, 4, 12],
        [12, 4.2, 12, 12, 4, 12, 4, 4.2, 12, 4.2],
    ],
)
def test_boxes_written_as_polygons_are_no_masks(corners, caplog):
    with caplog.at_level(logging.WARNING):
        kept = keep_given_masks(box_file(dict(segmentation=[corners]), dict(), dict()))
    assert not kept.kept and kept.usable.all()
    assert 'boxes.json: all 1 given masks are outlines of their boxes' in caplog.text
    # One among true masks is an object that fills its box.
    kept = keep_given_masks(
        box_file(dict(segmentation=[corners]), dict(segmentation=TRIANGLE))
    )
    assert sorted(kept.kept) == [0, 1]


def test_a_mask_without_a_pixel_is_predicted(caplog):
    with caplog.at_level(logging.WARNING):
        kept = keep_given_masks(
            box_file(
                dict(segmentation=rle()),
                # Four numbers are no polygon, and no box either.
                dict(segmentation=[[4, 4, 8, 8]]),
                dict(segmentation=TRIANGLE),
            )
        )
    assert list(kept.kept) == [2]
    assert '2 given masks have no pixels, those of annotations 7, 8' in caplog.text


def test_a_box_of_nothing_keeps_its_mask():
    kept = keep_given_masks(box_file(dict(segmentation=TRIANGLE, bbox=[4, 4, 0, 0])))
    assert list(kept.kept) == [0] and not kept.why_not


@pytest.mark.parametrize(
    'mask, words',
    [
        (rle((1, 1), size=(4, 4)), r'has \(height, width\) \(4, 4\), but its image'),
        ([[4, 4, 12, 4, 4, 12, 5]], 'is broken'),
        (dict(size=[20, 30], counts=5), 'is broken'),
        (dict(counts=[600]), 'is broken'),
        ([4, 4, 12, 4, 4, 12], 'is broken'),
        (dict(size=[20, 30], counts='hello world'), 'is broken'),
        (dict(size=[20, 30], counts='5'), 'is broken: its runs have 5 pixels'),
        (dict(size=[20, 30], counts=[5]), 'is broken: its runs have 5 pixels'),
        (dict(size=[20, 30], counts=[-3, 603]), 'is broken'),
        (dict(size=[20, 30], counts='o'), 'is broken: the RLE is cut'),
    ],
)
def test_broken_masks_are_named(mask, words):
    with pytest.raises(
        ValueError, match=f'boxes.json: the mask of annotation 7 {words}'
    ):
        keep_given_masks(box_file(dict(segmentation=mask)))
