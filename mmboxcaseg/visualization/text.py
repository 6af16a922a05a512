"""Text on pictures, in any language that an installed font has letters for.

OpenCV's own letters are ASCII only; see :mod:`.fonts` for those taken here.
"""

from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .colors import INK, PAPER, Color
from .fonts import default_font, split_by_font


@cache
def get_font(
    size: int, bold: bool = False, path: str | None = None
) -> ImageFont.FreeTypeFont:
    """The font of a size in pixels, DejaVu Sans or that of a path."""
    return ImageFont.truetype(path or default_font(bold), size)


def text_size(text: str, size: int, bold: bool = False) -> tuple[int, int]:
    """Width and height that a line of text takes.

    Args:
        text (str): One line.
        size (int): Size of the font, in pixels.
        bold (bool): Defaults to False.

    Returns:
        tuple[int, int]: Width of this text, and height of any text.
    """
    width = sum(
        get_font(size, bold, path).getlength(part)
        for path, part in split_by_font(text, bold)
    )
    return int(np.ceil(width)), sum(get_font(size, bold).getmetrics())


def draw_text(
    image: np.ndarray,
    text: str,
    left: int,
    top: int,
    size: int,
    color: Color = INK,
    bold: bool = False,
) -> np.ndarray:
    """Write a line of text.

    Args:
        image (np.ndarray): RGB, uint8, shape (H, W, 3).
        text (str): One line.
        left (int): Left end of the line, in pixels.
        top (int): Top of the line, in pixels.
        size (int): Size of the font, in pixels.
        color (tuple[int, int, int]): RGB. Defaults to near black.
        bold (bool): Defaults to False.

    Returns:
        np.ndarray: A new image.
    """
    canvas = Image.fromarray(image)
    draw = ImageDraw.Draw(canvas)
    # Letters of several fonts stand on one line.
    base = top + get_font(size, bold).getmetrics()[0]
    x = float(left)
    for path, part in split_by_font(text, bold):
        font = get_font(size, bold, path)
        draw.text((x, base), part, fill=color, font=font, anchor='ls')
        x += font.getlength(part)
    return np.array(canvas)


def wrap(text: str, width: int, size: int, bold: bool = False) -> list[str]:
    """Break a text into lines.

    Args:
        text (str): Lines to keep are separated by a newline.
        width (int): Most pixels a line may take.
        size (int): Size of the font, in pixels.
        bold (bool): Defaults to False.

    Returns:
        list[str]: The lines; a word too long for a line is cut short, with an
        ellipsis.
    """
    lines = []
    for paragraph in text.split('\n'):
        line = ''
        for word in paragraph.split(' '):
            longer = f'{line} {word}' if line else word
            if text_size(longer, size, bold)[0] <= width:
                line = longer
                continue
            if line:
                lines.append(line)
            line = shorten(word, width, size, bold)
        lines.append(line)
    return lines


def shorten(text: str, width: int, size: int, bold: bool = False) -> str:
    """Cut the middle out of a line that is too long.

    Args:
        text (str): One line.
        width (int): Most pixels it may take.
        size (int): Size of the font, in pixels.
        bold (bool): Defaults to False.

    Returns:
        str: The text, with an ellipsis where something is missing.
    """
    if text_size(text, size, bold)[0] <= width:
        return text
    for kept in range(len(text) - 1, 0, -1):
        # The end of a file name tells more than its beginning.
        head, tail = text[: kept // 2], text[len(text) - (kept + 1) // 2 :]
        shorter = f'{head}…{tail}'
        if text_size(shorter, size, bold)[0] <= width:
            return shorter
    return '…'


def text_strip(
    text: str,
    width: int,
    size: int,
    color: Color = INK,
    background: Color = PAPER,
    bold: bool = False,
    center: bool = False,
    padding: int = 4,
) -> np.ndarray:
    """A strip with text on it, as high as the text needs.

    Args:
        text (str): Wrapped at the width; newlines are kept.
        width (int): Width of the strip, in pixels.
        size (int): Size of the font, in pixels.
        color (tuple[int, int, int]): RGB. Defaults to near black.
        background (tuple[int, int, int]): RGB. Defaults to white.
        bold (bool): Defaults to False.
        center (bool): Instead of beginning at the left. Defaults to False.
        padding (int): Pixels around the text. Defaults to 4.

    Returns:
        np.ndarray: RGB, uint8, shape (height, width, 3).
    """
    lines = wrap(text, width - 2 * padding, size, bold)
    line_height = text_size('', size, bold)[1]
    strip = np.empty((2 * padding + line_height * len(lines), width, 3), np.uint8)
    strip[:] = background
    for index, line in enumerate(lines):
        left = padding
        if center:
            left = (width - text_size(line, size, bold)[0]) // 2
        strip = draw_text(
            strip, line, left, padding + index * line_height, size, color, bold
        )
    return strip


def score_text(agreement: float, confidence: float | None = None) -> str:
    """The scores of a mask, as short as they can be told apart.

    Args:
        agreement (float): In [0, 1].
        confidence (float | None): In [0, 1]; None without. Defaults to None.

    Returns:
        str: ``'0.97'``, the agreement, or ``'c 0.71 a 0.97'``. Rounded down:
        what is below a threshold must not read as at it.
    """
    if confidence is None:
        return rounded_down(agreement)
    return f'c {rounded_down(confidence)} a {rounded_down(agreement)}'


def score_legend(with_confidence: bool) -> str:
    """What the numbers of :func:`score_text` are.

    Args:
        with_confidence (bool): Whether the masks have a confidence.

    Returns:
        str: A part of a sentence.
    """
    if with_confidence:
        return "c is a mask's confidence, a its agreement with the box"
    return 'the number is the agreement of mask and box'


def rounded_down(score: float) -> str:
    """A score from 0 to 1 with two decimals."""
    # 100 * 0.29 is a hair below 29.
    return f'{np.floor(100 * score + 1e-9) / 100:.2f}'
