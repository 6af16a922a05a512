import numpy as np
import pytest

from mmboxcaseg.visualization import (
    draw_text,
    score_text,
    shorten,
    text_size,
    text_strip,
    wrap,
)


def ink(text):
    blank = np.full((20, 60, 3), 255, np.uint8)
    return (draw_text(blank, text, 2, 0, 13) < 128).any(axis=2)


def test_letters_beyond_ascii_are_drawn():
    shapes = [ink(letter).tobytes() for letter in 'aäßя≥']
    assert len(set(shapes)) == 5
    # What the font lacks looks like this.
    assert ink('\U0010fffd').tobytes() not in shapes


def test_wrapped_lines_fit_and_lose_nothing():
    text = 'box supervision and\nmask supervision of some patches'
    lines = wrap(text, 110, 13)
    assert ' '.join(lines).split() == text.split()
    assert len(lines) > 3
    assert all(text_size(line, 13)[0] <= 110 for line in lines)
    # The newline is kept.
    assert not any('and mask' in line for line in lines)


def test_long_word_keeps_both_ends():
    short = shorten('COCO_train2014_000000123456.jpg', 120, 13)
    head, tail = short.split('…')
    assert 'COCO_train2014'.startswith(head) and tail.endswith('56.jpg')
    assert text_size(short, 13)[0] <= 120
    assert shorten('short', 120, 13) == 'short'


def test_strip_holds_its_text():
    strip = text_strip('one two three four five', 70, 13, padding=4)
    dark = (strip < 128).any(axis=2)
    assert strip.shape[1] == 70 and dark.any()
    rows, columns = np.nonzero(dark)
    assert rows.min() >= 4 and rows.max() < strip.shape[0] - 4
    assert columns.min() >= 4 and columns.max() < 66


def test_centred_strip():
    columns = np.nonzero(
        (text_strip('OOO', 101, 13, center=True) < 128).any(axis=(0, 2))
    )[0]
    assert abs(columns.min() + columns.max() - 100) <= 2


@pytest.mark.parametrize(
    'scores, text',
    [
        ((0.9499,), '0.94'),
        ((0.95,), '0.95'),
        ((0.29,), '0.29'),
        ((1,), '1.00'),
        ((1, 0.7199), 'c 0.71 a 1.00'),
    ],
)
def test_scores_are_rounded_down(scores, text):
    assert score_text(*scores) == text
