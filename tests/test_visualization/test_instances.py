from itertools import combinations

import numpy as np

from mmboxcaseg.visualization import IGNORED, draw_instances, draw_labels, place_labels


def random_boxes(count, rng, width=400, height=300):
    low = rng.uniform(0, (width - 60, height - 60), (count, 2))
    return np.hstack([low, low + rng.uniform(2, 60, (count, 2))])


def test_labels_are_apart_and_inside():
    rng = np.random.default_rng(0)
    boxes = random_boxes(60, rng)
    sizes = [(int(width), 15) for width in rng.integers(20, 70, 60)]
    places = place_labels(boxes, sizes, 400, 300)
    for place, size in zip(places, sizes):
        x0, y0, x1, y1 = place
        assert (x1 - x0, y1 - y0) == size
        assert 0 <= x0 and x1 <= 400 and 0 <= y0 and y1 <= 300
    for one, other in combinations(places, 2):
        assert (
            one[2] <= other[0]
            or other[2] <= one[0]
            or one[3] <= other[1]
            or other[3] <= one[1]
        )


def test_best_places():
    # Above the box; inside where there is no room above.
    assert place_labels([[50, 50, 90, 90]], [(30, 10)], 100, 100) == [(50, 40, 80, 50)]
    assert place_labels([[50, 2, 90, 90]], [(30, 10)], 100, 100) == [(50, 2, 80, 12)]
    # The second of two equal boxes takes the next corner.
    assert place_labels([[20, 50, 90, 90]] * 2, [(30, 10)] * 2, 100, 100) == [
        (20, 40, 50, 50),
        (60, 40, 90, 50),
    ]


def test_no_room():
    boxes = [[0, 0, 40, 20]] * 3
    places = place_labels(boxes, [(40, 10)] * 3, 40, 20)
    assert sum(place is None for place in places) == 1
    assert place_labels([[0, 0, 5, 5]], [(50, 10)], 40, 20) == [None]
    image = np.full((20, 40, 3), 100, np.uint8)
    drawn = draw_labels(image, np.zeros((1, 4)), ['far too long a label'], [(9, 9, 9)])
    assert (drawn == 100).all()


def test_ignored_are_hatched_in_red():
    image = np.full((100, 200, 3), 100, np.uint8)
    boxes = np.array([[10, 30, 90, 90], [110, 30, 190, 90]])
    masks = np.zeros((2, 100, 200), bool)
    masks[0, 30:90, 10:90] = masks[1, 30:90, 110:190] = True
    drawn = draw_instances(
        image, boxes, [(0, 200, 0)] * 2, ['', ''], masks, [False, True]
    )
    kept, ignored = drawn[35:85, 15:85], drawn[35:85, 115:185]
    # 0.55 * 100 + 0.45 * (0, 200, 0)
    assert (kept == (55, 145, 55)).all()
    untouched = (ignored == 100).all(axis=2)
    # Two of every ten diagonals are lines.
    assert 0.75 < untouched.mean() < 0.85
    red = 0.2 * 100 + 0.8 * np.array(IGNORED)
    assert (ignored[~untouched] == np.rint(red)).all()


def test_small_masks_lie_over_large_ones():
    image = np.full((100, 100, 3), 100, np.uint8)
    boxes = np.array([[40, 40, 60, 60], [0, 0, 100, 100]])
    masks = np.zeros((2, 100, 100), bool)
    masks[0, 40:60, 40:60] = masks[1] = True
    colors = [(200, 0, 0), (0, 0, 200)]
    drawn = draw_instances(image, boxes, colors, masks=masks)
    # The large one first: (55, 55, 145); then 0.55 of it + (90, 0, 0).
    assert drawn[50, 50].tolist() == [120, 30, 80]


def test_without_masks_or_instances():
    image = np.full((50, 50, 3), 100, np.uint8)
    assert (draw_instances(image, np.zeros((0, 4)), [], [], []) == 100).all()
    drawn = draw_instances(image, [[10, 10, 40, 40]], [(1, 2, 3)])
    assert (drawn == (1, 2, 3)).all(axis=2).sum() == 4 * 29
