import cv2
import numpy as np
import pytest
from scipy.ndimage import binary_fill_holes

from mmboxcaseg.masks import centre_rings, edge_rings, join_rings, simplify


def random_mask(seed):
    """A mask with parts and holes; every third is smooth."""
    rng = np.random.default_rng(seed)
    height, width = rng.integers(2, 40, 2).tolist()
    values = rng.random((height, width)).astype(np.float32)
    if seed % 3 == 0:
        values = cv2.GaussianBlur(values, (0, 0), 2)
    mask = values > np.quantile(values, rng.uniform(0.2, 0.8))
    mask[rng.integers(height), rng.integers(width)] = True
    return mask


def drawn(ring, shape):
    picture = np.zeros(shape, np.uint8)
    cv2.fillPoly(picture, [ring.round().astype(np.int32)], 1)
    return picture.astype(bool)


@pytest.mark.parametrize('seed', range(30))
def test_centres_drawn_are_the_mask_without_holes(seed):
    mask = random_mask(seed)
    picture = np.zeros(mask.shape, bool)
    for ring in centre_rings(mask):
        picture |= drawn(ring, mask.shape)
    assert (picture == binary_fill_holes(mask)).all()


def from_segments(points, ring):
    """Distance of each point from the nearest piece of a closed line."""
    nearest = np.full(len(points), np.inf)
    for start, end in zip(ring, np.roll(ring, -1, axis=0)):
        along = end - start
        share = ((points - start) @ along / max(along @ along, 1e-9)).clip(0, 1)
        away = np.linalg.norm(points - start - share[:, None] * along, axis=1)
        nearest = np.minimum(nearest, away)
    return nearest


def fine(ring):
    """Points on the whole line, a tenth of a pixel apart or less."""
    after = np.roll(ring, -1, axis=0)
    return np.concatenate(
        [
            a + (b - a) * np.linspace(0, 1, 2 + int(10 * abs(b - a).max()))[:, None]
            for a, b in zip(ring, after)
        ]
    )


@pytest.mark.parametrize('distance', [0.5, 1, 2.5])
@pytest.mark.parametrize('seed', range(0, 15, 3))
def test_hausdorff_distance_of_what_is_simplified(seed, distance):
    before = after = 0
    for ring in edge_rings(random_mask(seed)):
        less = simplify(ring, distance)
        assert len(less) >= 3
        assert from_segments(fine(ring), less).max() <= distance + 1e-9
        assert from_segments(fine(less), ring).max() <= distance + 1e-9
        before, after = before + len(ring), after + len(less)
    assert after < before if distance > 1 else after <= before


def test_a_circle_takes_few_points():
    cv2.circle(picture := np.zeros((200, 200), np.uint8), (100, 100), 80, 1, -1)
    (ring,) = edge_rings(picture.astype(bool))
    less = simplify(ring, 1)
    assert len(less) < 60 < 200 < len(ring)
    assert set(map(tuple, less)) <= set(map(tuple, ring))


def test_bridges_are_the_shortest():
    mask = np.zeros((30, 60), bool)
    mask[5:10, 2:8] = mask[5:10, 40:50] = mask[7, 20:25] = True
    picture = drawn(join_rings(centre_rings(mask)), mask.shape)
    # Gaps of 12 and of 15 pixels, each a line of as many.
    assert not (mask & ~picture).any()
    assert (picture & ~mask).sum() == 12 + 15


@pytest.mark.parametrize('seed', range(30))
def test_joined_parts_lose_nothing(seed):
    mask = random_mask(seed)
    parts = centre_rings(mask)
    ring = join_rings(parts)
    picture = drawn(ring, mask.shape)
    outlines = np.concatenate(parts).astype(int)
    assert picture[outlines[:, 1], outlines[:, 0]].all()
    # The bridges have no width: the area is that of the parts.
    area = sum(cv2.contourArea(part.astype(np.float32)) for part in parts)
    assert abs(cv2.contourArea(ring.astype(np.float32)) - area) < 1e-3 * max(area, 1)


def test_a_pixel_stays():
    (ring,) = centre_rings(np.ones((1, 1), bool))
    assert join_rings([ring]).tolist() == [[0, 0]]
