import numpy as np
import pytest

from mmboxcaseg.visualization import draw_box, draw_hatched_mask, draw_mask, fit

COLOR = (200, 100, 0)


def grey(height=40, width=60):
    return np.full((height, width, 3), 100, np.uint8)


def block(height=40, width=60):
    mask = np.zeros((height, width), bool)
    mask[10:30, 20:50] = True
    return mask


def looks_like(pixel, color):
    # Contours are smoothed: most of the colour is enough.
    return np.abs(pixel - np.array(color, float)).max() < 30


def test_mask_is_tinted_and_nothing_else():
    image, mask = grey(), block()
    drawn = draw_mask(image, mask, COLOR, opacity=0.25, thickness=0)
    # 0.75 * 100 + 0.25 * (200, 100, 0)
    assert (drawn[mask] == (125, 100, 75)).all()
    assert (drawn[~mask] == 100).all()
    assert (image == 100).all()


def test_contour_is_on_the_edge():
    mask = block()
    drawn = draw_mask(grey(), mask, COLOR, opacity=0, thickness=1)
    for y, x in ((10, 35), (29, 35), (20, 20), (20, 49)):
        assert looks_like(drawn[y, x], COLOR)
    # Neither inside nor outside.
    assert (drawn[13:27, 23:47] == 100).all()
    assert (drawn[:8] == 100).all() and (drawn[:, :18] == 100).all()


def test_hole_has_a_contour():
    mask = block()
    mask[16:24, 30:40] = False
    drawn = draw_mask(grey(), mask, COLOR, opacity=0, thickness=1)
    assert any(looks_like(pixel, COLOR) for pixel in drawn[14:17, 35])
    assert (drawn[20, 35] == 100).all()


def test_hatching_leaves_the_photo_visible_between_lines():
    mask = block()
    drawn = draw_hatched_mask(grey(), mask, COLOR, spacing=10, thickness=1)
    inside = drawn[13:27, 23:47]
    rows, columns = np.mgrid[13:27, 23:47]
    on_line = (rows + columns) % 10 < 2
    # 0.2 * 100 + 0.8 * (200, 100, 0)
    assert (inside[on_line] == (180, 100, 20)).all()
    assert (inside[~on_line] == 100).all()
    assert (drawn[:8] == 100).all()


def test_box_is_drawn_inside_its_sides():
    drawn = draw_box(grey(), (20, 10, 50, 30), COLOR, thickness=2)
    expected = block()
    expected[12:28, 22:48] = False
    assert ((drawn == COLOR).all(axis=2) == expected).all()


@pytest.mark.parametrize(
    'box, pixels',
    [
        ((-50, -50, 200, 200), 0),
        ((5.2, 5.2, 5.3, 5.3), 1),
        ((-5, 10, 1, 12), 2),
    ],
)
def test_box_partly_outside_or_tiny(box, pixels):
    drawn = draw_box(grey(), box, COLOR)
    assert (drawn == COLOR).all(axis=2).sum() == pixels


def test_sizes_must_match():
    for draw in (draw_mask, draw_hatched_mask):
        with pytest.raises(ValueError, match=r'\(5, 5\), but its image \(40, 60'):
            draw(grey(), np.zeros((5, 5), bool), COLOR)


def test_fit_scales_everything_alike():
    image, (mask,), boxes = fit(grey(), [block()], [[20, 10, 50, 30]], 120, 500)
    assert image.shape == (80, 120, 3)
    assert boxes.tolist() == [[40, 20, 100, 60]]
    expected = np.zeros((80, 120), bool)
    expected[20:60, 40:100] = True
    # Corners may round off by a pixel.
    assert (mask != expected).sum() <= 4
    image, (mask,), boxes = fit(grey(), [block()], [[20, 10, 50, 30]], 30, 30)
    assert image.shape == (20, 30, 3) and boxes.tolist() == [[10, 5, 25, 15]]
    assert mask[5:15, 10:25].all() and mask.sum() == 150
