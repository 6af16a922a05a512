"""What is odd about boxes, against a slow look at all pairs."""

import numpy as np

from mmboxcaseg.annotations.coco import to_box_file
from mmboxcaseg.annotations.findings import duplicates, find_oddities


def box_file(boxes, names=('a.jpg', 'b.jpg')):
    """Boxes (image, category, x, y, w, h) of photos of 100 x 80."""
    return to_box_file(
        dict(
            images=[
                dict(id=i, file_name=name, width=100, height=80)
                for i, name in enumerate(names, 1)
            ],
            annotations=[
                dict(id=i, image_id=box[0], category_id=box[1], bbox=box[2:])
                for i, box in enumerate(boxes, 1)
            ],
            categories=[dict(id=1, name='cat'), dict(id=2, name='dog')],
        ),
        'boxes.json',
        '',
    )


def test_each_oddity_is_found_and_nothing_else():
    assert find_oddities(box_file([[1, 1, 5, 5, 30, 20]])) == []
    found = find_oddities(
        box_file(
            [
                [1, 1, 10, 10, 40, 40],
                # IoU 39 / 40 = 0.975: there twice; of another class; 38 / 42.
                [1, 1, 10, 10, 40, 39],
                [1, 2, 10, 10, 40, 40],
                [1, 1, 12, 10, 40, 40],
                # Tiny; reaches out by 10 px, by 1 px; outside.
                [2, 1, 50, 50, 7, 30],
                [2, 1, 80, 50, 30, 20],
                [2, 1, 60, 20, 41, 20],
                [2, 1, 200, 50, 30, 20],
            ],
            ('a.jpg', 'a.jpg'),
        )
    )
    said = {one.what.split(',')[0]: one for one in found}
    assert {what: one.count for what, one in said.items()} == {
        'boxes that cover nothing of their image': 1,
        'images with the file name of another': 1,
        'boxes that reach out of their image': 1,
        'tiny boxes': 1,
        'duplicate boxes': 1,
    }
    assert [what for what, one in said.items() if one.skipped] == [
        'boxes that cover nothing of their image'
    ]
    assert 'annotation 5 of a.jpg' in said['tiny boxes'].line()
    assert 'annotation 6' in said['boxes that reach out of their image'].line()


def slow_duplicates(boxes):
    """Pairs above an IoU of 0.95, each by its first box by x0."""
    found = set()
    for a in range(len(boxes)):
        for b in range(a):
            if boxes[a][:2] != boxes[b][:2]:
                continue
            (xa, ya, wa, ha), (xb, yb, wb, hb) = boxes[a][2:], boxes[b][2:]
            w = min(xa + wa, xb + wb) - max(xa, xb)
            h = min(ya + ha, yb + hb) - max(ya, yb)
            if w > 0 and h > 0 and w * h > 0.95 * (wa * ha + wb * hb - w * h):
                found.add(frozenset((a, b)))
    return found


def test_duplicates_are_those_of_all_pairs():
    rng = np.random.default_rng(0)
    centres = rng.integers(0, 60, (12, 2))
    boxes = [
        [
            int(rng.integers(1, 3)),
            int(rng.integers(1, 3)),
            *(centres[rng.integers(12)] + rng.random(2)).tolist(),
            *(18 + rng.random(2)).tolist(),
        ]
        for _ in range(150)
    ]
    pairs = slow_duplicates(boxes)
    assert len(pairs) > 20
    found = set(duplicates(box_file(boxes)).tolist())
    # One of every pair is found, and only boxes of pairs are.
    assert all(pair & found for pair in pairs)
    assert found <= frozenset().union(*pairs)


def test_one_object_many_times_is_counted_but_once():
    found = duplicates(box_file([[1, 1, 10, 10, 40, 40]] * 500))
    assert len(found) == 499


def test_corners_in_place_of_sizes_are_told():
    # As sizes the first reaches out by 40 px; as corners both fit.
    boxes = [[1, 1, 50, 10, 90, 70], [1, 1, 5, 5, 30, 20]]
    said = [one.what for one in find_oddities(box_file(boxes))]
    assert sum('seem to be corners' in what for what in said) == 1
    # One that is no box if it has corners.
    said = [
        one.what for one in find_oddities(box_file([*boxes, [1, 1, 50, 9, 20, 30]]))
    ]
    assert not any('seem to be corners' in what for what in said)
    # All lie in their images as they are.
    assert not find_oddities(box_file([[1, 1, 5, 5, 30, 20]]))


def test_one_photo_under_two_names_is_told():
    names = ('a.jpg', './a.jpg', 's/../a.jpg', 'b.jpg')
    (found,) = find_oddities(box_file([[1, 1, 5, 5, 30, 20]], names))
    assert found.what == 'images with the file name of another'
    assert found.count == 2
