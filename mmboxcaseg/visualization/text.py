"""Text on pictures, in any language for which a font is installed.

OpenCV can draw only ASCII. The fonts are those of :mod:`.fonts`.
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
    """Load a font.

    Args:
        size (int): Size of the font in pixels.
        bold (bool): Whether the default font is bold. Defaults to False.
        path (str, optional): Path of the font. Defaults to None: DejaVu Sans.

    Returns:
        ImageFont.FreeTypeFont: The font.
    """
    return ImageFont.truetype(path or default_font(bold), size)


def text_size(text: str, size: int, bold: bool = False) -> tuple[int, int]:
    """Measure a line of text.

    Args:
        text (str): A line of text.
        size (int): Size of the font in pixels.
        bold (bool): Whether the text is bold. Defaults to False.

    Returns:
        tuple[int, int]: Width and height in pixels. The height is that of any
        line in this font.
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
        image (np.ndarray): The image, RGB, uint8, shape (H, W, 3).
        text (str): A line of text.
        left (int): Left end of the line in pixels.
        top (int): Top of the line in pixels.
        size (int): Size of the font in pixels.
        color (tuple[int, int, int]): Colour of the text, RGB. Defaults to
            near black.
        bold (bool): Whether the text is bold. Defaults to False.

    Returns:
        np.ndarray: A new image.
    """
    canvas = Image.fromarray(image)
    draw = ImageDraw.Draw(canvas)
    # Parts in different fonts share one baseline.
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
        text (str): The text. Its line breaks are kept.
        width (int): Largest width of a line in pixels.
        size (int): Size of the font in pixels.
        bold (bool): Whether the text is bold. Defaults to False.

    Returns:
        list[str]: The lines. Words that are too long for a line are
        shortened, see :func:`shorten`.
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
    """Replace the middle of a line that is too long by an ellipsis.

    Args:
        text (str): A line of text.
        width (int): Largest width of the line in pixels.
        size (int): Size of the font in pixels.
        bold (bool): Whether the text is bold. Defaults to False.

    Returns:
        str: The text, shortened if needed.
    """
    if text_size(text, size, bold)[0] <= width:
        return text
    for kept in range(len(text) - 1, 0, -1):
        # The end of a file name says more than its beginning.
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
    """Draw a strip with text, as high as the text needs.

    Args:
        text (str): The text, which is wrapped at the width. Its line breaks
            are kept.
        width (int): Width of the strip in pixels.
        size (int): Size of the font in pixels.
        color (tuple[int, int, int]): Colour of the text, RGB. Defaults to
            near black.
        background (tuple[int, int, int]): Colour of the strip, RGB. Defaults
            to white.
        bold (bool): Whether the text is bold. Defaults to False.
        center (bool): Whether lines are centred. Defaults to False: they
            begin at the left.
        padding (int): Width of the border around the text in pixels. Defaults
            to 4.

    Returns:
        np.ndarray: The strip, RGB, uint8, shape (height, width, 3).
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
    """Write the scores of a mask as a short text.

    Args:
        agreement (float): Agreement in [0, 1].
        confidence (float | None): Confidence in [0, 1], if the mask has one.
            Defaults to None.

    Returns:
        str: The agreement, such as ``'0.97'``; with a confidence both, such
        as ``'c 0.71 a 0.97'``. Scores are rounded down, so that a score below
        a threshold never reads as being at it.

    Example:
        >>> score_text(0.979, 0.713)
        'c 0.71 a 0.97'
    """
    if confidence is None:
        return rounded_down(agreement)
    return f'c {rounded_down(confidence)} a {rounded_down(agreement)}'


def score_legend(with_confidence: bool) -> str:
    """Explain the numbers of :func:`score_text`.

    Args:
        with_confidence (bool): Whether the masks have a confidence.

    Returns:
        str: The explanation, for the subtitle of a sheet.
    """
    if with_confidence:
        return "c is a mask's confidence, a its agreement with the box"
    return 'the number is the agreement of mask and box'


def rounded_down(score: float) -> str:
    """Write a score with two decimals, rounded down.

    Args:
        score (float): A score in [0, 1].

    Returns:
        str: Such as ``'0.97'``.

    Example:
        >>> rounded_down(0.9499)
        '0.94'
    """
    # In floating point, 100 * 0.29 is slightly below 29.
    return f'{np.floor(100 * score + 1e-9) / 100:.2f}'
