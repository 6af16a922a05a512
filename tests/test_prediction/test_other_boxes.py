"""The other boxes of a photo in the crops of its boxes."""

import numpy as np
import pytest

from mmboxcaseg.prediction import crop_boxes
from mmboxcaseg.prediction.other_boxes import other_box_maps


def slow_maps(box, others, shown, size):
    """Position by position: is its centre inside another box?"""

    def area(of):
        return (of[2] - of[0]) * (of[3] - of[1])

    maps = np.zeros((size, size, 2), np.uint8)
    for row in range(size):
        for column in range(size):
            x = shown[0] + (column + 0.5) * (shown[2] - shown[0]) / size
            y = shown[1] + (row + 0.5) * (shown[3] - shown[1]) / size
            for other in others:
                if other[0] < x < other[2] and other[1] < y < other[3]:
                    maps[row, column, int(area(other) >= area(box))] = 255
    return maps


def random_boxes(rng, count):
    corners = rng.uniform(-10, 50, (count, 2, 2))
    return np.concatenate([corners.min(1), corners.max(1)], 1)


def test_against_a_loop_over_positions():
    rng = np.random.default_rng(0)
    seen = np.zeros(2, int)
    for _ in range(200):
        box, *others = random_boxes(rng, rng.integers(1, 6))
        x, y = rng.integers(0, 30, 2)
        shown = np.array([x, y, x + rng.integers(1, 20), y + rng.integers(1, 20)])
        found = other_box_maps(box, np.reshape(others, (-1, 4)), shown, 7)
        assert (found == slow_maps(box, others, shown, 7)).all()
        seen += found.any((0, 1))
    assert (seen > 10).all()


def test_box_of_the_same_area_counts_as_larger():
    box = np.array([0, 0, 4, 4])
    maps = other_box_maps(box, box[None], box, 3)
    assert (maps[..., 1] == 255).all() and not maps[..., 0].any()


@pytest.mark.parametrize('margins', [(0,), (0, 0.3)])
def test_crops_with_maps(margins):
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, (40, 60, 3), np.uint8)
    boxes = [(5, 5, 45, 35), (10, 10, 20, 20), (30, 8, 55, 30)]
    plain = crop_boxes(photo, boxes, 8, margins)
    found = crop_boxes(photo, boxes, 8, margins, other_boxes=True)
    assert found.crops.shape == (3 * len(margins), 8, 8, 5)
    assert (found.crops[..., :3] == plain.crops).all()
    assert (found.rects == plain.rects).all()
    # The first crop of a box shows the box alone.
    for own, crop in enumerate(found.crops[:: len(margins)]):
        others = np.delete(np.array(boxes), own, 0)
        assert (crop[..., 3:] == slow_maps(boxes[own], others, boxes[own], 8)).all()


def test_single_box_has_empty_maps():
    photo = np.full((20, 20, 3), 9, np.uint8)
    found = crop_boxes(photo, [(2, 2, 12, 12)], 4, other_boxes=True)
    assert not found.crops[..., 3:].any()
