import cv2
import numpy as np
import pytest

from mmboxcaseg.visualization import IGNORED, Cell, make_sheet, swatch, write_png


def flat(color, height=50, width=60):
    return np.full((height, width, 3), color, np.uint8)


def extent(sheet, color):
    """Rows and columns, half-open, that a colour covers, and its pixels."""
    found = (sheet == color).all(axis=2)
    rows, columns = np.nonzero(found)
    return (rows.min(), rows.max() + 1, columns.min(), columns.max() + 1, found.sum())


COLORS = [(250, 0, 0), (0, 250, 0), (0, 0, 250), (250, 250, 0)]


def test_pictures_are_whole_and_in_their_places():
    red, green, blue, yellow = (flat(color) for color in COLORS)
    green = green[:, :40]
    rows = [
        [Cell(red, 'a long caption that is wrapped'), Cell(green)],
        [Cell(blue), Cell(yellow)],
    ]
    sheet = make_sheet(
        rows,
        'A title',
        'and more',
        column_titles=['left', 'right'],
        row_labels=['upper', 'lower'],
        legend=[(swatch(IGNORED, 'hatched'), 'ignored')],
    )
    places = [extent(sheet, color) for color in COLORS]
    for (top, bottom, left, right, pixels), image in zip(
        places, (red, green, blue, yellow)
    ):
        assert (bottom - top, right - left) == image.shape[:2]
        assert pixels == image.shape[0] * image.shape[1]
    (red, green, blue, yellow) = places
    assert red[0] == green[0] and blue[0] == yellow[0]
    assert red[2] == blue[2] and yellow[2] > red[3]
    # A narrow picture is in the middle of its column.
    assert green[2] - yellow[2] == yellow[3] - green[3] == 10
    # The three or more lines of the caption push the next row down.
    assert blue[0] - red[1] > 3 * 13


def test_caption_is_on_its_color():
    sheet = make_sheet([[Cell(flat((9, 9, 9)), 'box', (255, 176, 0))]], 'x')
    picture = extent(sheet, (9, 9, 9))
    caption = extent(sheet, (255, 176, 0))
    assert caption[0] == picture[1] and caption[2:4] == picture[2:4]
    strip = sheet[caption[0] : caption[1], caption[2] : caption[3]]
    assert (strip.max(axis=2) < 100).any()


def test_short_row_and_no_picture():
    rows = [[Cell(flat(color)) for color in COLORS[:2]], [Cell(flat(COLORS[2]))]]
    sheet = make_sheet(rows, 'x')
    assert all(extent(sheet, color)[4] == 3000 for color in COLORS[:3])
    with pytest.raises(ValueError, match='at least one picture'):
        make_sheet([[]], 'x')


def test_legend_wraps():
    entries = [(swatch((0, 0, 250), 'box'), 'some words to explain it')] * 6
    one = make_sheet([[Cell(flat(0))]], 'x', legend=entries[:1])
    six = make_sheet([[Cell(flat(0))]], 'x', legend=entries)
    assert six.shape[1] == one.shape[1] and six.shape[0] > one.shape[0] + 18
    outline = 2 * 26 * 2 + 2 * 10 * 2
    assert extent(six, (0, 0, 250))[4] == 6 * outline
    with pytest.raises(ValueError, match='not dotted'):
        swatch((0, 0, 0), 'dotted')


def test_png_has_the_same_pixels(tmp_path):
    image = np.random.randint(0, 256, (7, 5, 3), dtype=np.uint8)
    path = str(tmp_path / 'folder' / 'bild_ä.png')
    write_png(path, image)
    data = np.fromfile(path, np.uint8)
    assert (cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1] == image).all()
    with pytest.raises(ValueError, match='ends in .png'):
        write_png('picture.jpg', image)
