import numpy as np
import pytest
from pycocotools import mask as coco_mask
from random_instances import merge_slowly, on_canvas, random_instances

from mmboxcaseg.masks import (
    agreement,
    merge_and_score,
    merged_confidence,
    pixel_rects,
    proxy_rles,
    tight_boxes,
)

HEIGHT, WIDTH = 9, 12


def tight_slowly(canvas):
    pixels = [
        (x, y)
        for y in range(canvas.shape[0])
        for x in range(canvas.shape[1])
        if canvas[y, x]
    ]
    if not pixels:
        return [0, 0, 0, 0]
    xs, ys = zip(*pixels)
    return [min(xs), min(ys), max(xs) + 1, max(ys) + 1]


def agreement_slowly(canvas, box):
    if not canvas.any():
        return 0.0
    x0, y0 = max(box[0], 0), max(box[1], 0)
    x1, y1 = min(box[2], WIDTH), min(box[3], HEIGHT)
    a0, b0, a1, b1 = tight_slowly(canvas)
    overlap = max(0, min(x1, a1) - max(x0, a0)) * max(0, min(y1, b1) - max(y0, b0))
    return overlap / ((x1 - x0) * (y1 - y0) + (a1 - a0) * (b1 - b0) - overlap)


def test_worked_example():
    """Box xywh (10, 10, 20, 10), rows 10..19 and columns 12..29."""
    boxes = [(10, 10, 30, 20)]
    rects = pixel_rects(boxes, 40, 50)
    mask = np.zeros((10, 20), bool)
    mask[:, 2:] = True
    assert tight_boxes([mask], rects).tolist() == [[12, 10, 30, 20]]
    assert agreement([mask], rects, boxes, 40, 50).tolist() == [0.9]


@pytest.mark.parametrize('seed', range(30))
def test_agreement_is_the_slow_one(seed):
    rng = np.random.default_rng(seed)
    masks, rects, boxes = random_instances(rng, 6, HEIGHT, WIDTH)
    canvases = [on_canvas(m, r, HEIGHT, WIDTH) for m, r in zip(masks, rects)]
    assert tight_boxes(masks, rects).tolist() == list(map(tight_slowly, canvases))
    np.testing.assert_allclose(
        agreement(masks, rects, boxes, HEIGHT, WIDTH),
        [agreement_slowly(c, b) for c, b in zip(canvases, boxes)],
        atol=1e-12,
    )


def test_box_is_clipped_first():
    mask = np.ones((5, 6), bool)
    boxes = [(-10, -10, 6, 5)]
    assert agreement([mask], [[0, 0, 6, 5]], boxes, HEIGHT, WIDTH) == [1.0]


def test_empty_mask_and_no_mask():
    mask = np.zeros((5, 6), bool)
    assert agreement([mask], [[0, 0, 6, 5]], [(0, 0, 6, 5)], 9, 9) == [0.0]
    assert agreement([], np.zeros((0, 4), int), [], 9, 9).shape == (0,)


def test_numbers_must_match():
    mask = np.ones((5, 6), bool)
    with pytest.raises(ValueError, match='1 masks, but 2 boxes'):
        agreement([mask], [[0, 0, 6, 5]], [(0, 0, 6, 5)] * 2, 9, 9)


@pytest.mark.parametrize('merging, areas', [(True, [84, 16]), (False, [100, 16])])
def test_merge_and_score(merging, areas):
    rects = np.array([(0, 0, 10, 10), (6, 6, 10, 10)])
    masks = [np.ones((10, 10), bool), np.ones((4, 4), bool)]
    # The second box goes beyond the image: 4 x 4 pixels of it are inside.
    boxes = [(0, 0, 10, 10), (6, 6, 40, 40)]
    found, scores = merge_and_score(masks, rects, boxes, 10, 10, merging)
    assert [int(mask.sum()) for mask in found] == areas
    assert scores.tolist() == [1, 1]
    assert masks[0].all()


@pytest.mark.parametrize('merging', [True, False])
@pytest.mark.parametrize('seed', range(30))
def test_proxy_rles_are_the_slow_ones(seed, merging):
    rng = np.random.default_rng(seed)
    masks, rects, boxes = random_instances(rng, 6, HEIGHT, WIDTH)
    # The whole image, some of its columns, and nothing.
    masks += [np.ones((9, 12), bool), rng.random((9, 3)) < 0.8]
    masks += [np.zeros((2, 2), bool)]
    more = np.array([[0, 0, 12, 9], [9, 0, 12, 9], [4, 4, 6, 6]])
    rects = np.concatenate([rects, more])
    boxes = np.concatenate([boxes, more])
    before = [mask.copy() for mask in masks]
    rles, scores = proxy_rles(masks, rects, boxes, HEIGHT, WIDTH, merging)
    canvases = [on_canvas(m, r, HEIGHT, WIDTH) for m, r in zip(masks, rects)]
    if merging:
        clipped = np.clip(boxes, 0, [WIDTH, HEIGHT] * 2)
        canvases = merge_slowly(
            canvases, (clipped[:, 2] - clipped[:, 0]) * (clipped[:, 3] - clipped[:, 1])
        )
    for canvas, box, rle, score in zip(canvases, boxes, rles, scores):
        expected = coco_mask.encode(np.asfortranarray(canvas, dtype=np.uint8))
        assert rle == dict(size=[HEIGHT, WIDTH], counts=expected['counts'].decode())
        assert score == pytest.approx(agreement_slowly(canvas, box), abs=1e-12)
    assert all((a == b).all() for a, b in zip(masks, before))


def test_proxy_rles_of_nothing_and_of_what_does_not_fit():
    rects, masks = np.array([[0, 0, 6, 5]]), [np.ones((5, 6), bool)]
    rles, scores = proxy_rles([], rects[:0], [], 9, 9)
    assert rles == [] and scores.shape == (0,)
    with pytest.raises(ValueError, match='1 masks, but 2 boxes'):
        proxy_rles(masks, rects, [(0, 0, 6, 5)] * 2, 9, 9)
    with pytest.raises(ValueError, match='1 masks, but 2 rectangles'):
        proxy_rles(masks, rects.repeat(2, 0), [(0, 0, 6, 5)], 9, 9)
    with pytest.raises(ValueError, match='leaves the image of 5 x 9'):
        proxy_rles(masks, rects, [(0, 0, 6, 5)], 9, 5)
    with pytest.raises(ValueError, match='uint8'):
        proxy_rles([np.ones((5, 6), np.uint8)], rects, [(0, 0, 6, 5)], 9, 9)


def test_many_masks_of_a_panorama():
    """Places of edges that do not fit into 32 bits."""
    side = 65000
    rects = np.array([[10, 20, 15, 27], [side - 5, side - 7, side, side]] * 2)
    masks = [np.ones((7, 5), bool)] * 4
    rles, scores = proxy_rles(masks, rects, rects, side, side, False)
    assert scores.tolist() == [1] * 4
    assert (
        coco_mask.toBbox(rles).tolist()
        == [[10, 20, 5, 7], [side - 5, side - 7, 5, 7]] * 2
    )


def test_confidence_falls_with_what_is_left():
    # All, a quarter and nothing of a box of 200 px; half of one of 8 px.
    rects = [[10, 10, 30, 20]] * 3 + [[0, 0, 2, 4]]
    found = merged_confidence([0.9, 0.9, 0.9, 0.5], [200, 50, 0, 4], np.array(rects))
    assert found == pytest.approx([0.9, 0.45, 0, 0.5 * 0.5**0.5])
