"""Contact sheets: pictures in rows and columns, with titles and captions."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from .colors import FAINT_INK, INK, PAPER, Color, ink_on
from .drawing import draw_box, draw_hatched_mask, draw_mask
from .text import text_size, text_strip

GAP = 8
MARGIN = 16
FONT = 13
ROW_LABEL_WIDTH = 120


@dataclass(frozen=True, eq=False)
class Cell:
    """A picture of a sheet.

    Attributes:
        image (np.ndarray): The picture, RGB, uint8, shape (H, W, 3).
        caption (str): Text under the picture. Defaults to '': none.
        color (tuple[int, int, int], optional): Background colour of the
            caption, RGB. Defaults to None: white.
    """

    image: np.ndarray
    caption: str = ''
    color: Color | None = None


def make_sheet(
    rows: Sequence[Sequence[Cell]],
    title: str,
    subtitle: str = '',
    column_titles: Sequence[str] | None = None,
    row_labels: Sequence[str] | None = None,
    legend: Sequence[tuple[np.ndarray, str]] = (),
) -> np.ndarray:
    """Arrange pictures in a grid.

    A column is as wide as its widest picture, a row as high as its highest
    picture with caption. Captions are wrapped to their column.

    Args:
        rows (Sequence[Sequence[Cell]]): The pictures; rows may have different
            lengths.
        title (str): Title of the sheet.
        subtitle (str): Smaller text under the title. Defaults to '': none.
        column_titles (Sequence[str], optional): Titles of the columns.
            Defaults to None.
        row_labels (Sequence[str], optional): Labels at the left of the rows.
            Defaults to None.
        legend (Sequence[tuple[np.ndarray, str]]): Swatches, see
            :func:`swatch`, each with its meaning. Defaults to ().

    Returns:
        np.ndarray: The sheet, RGB, uint8, shape (H, W, 3).

    Raises:
        ValueError: If there is no picture.
    """
    if not any(len(row) for row in rows):
        raise ValueError('a sheet needs at least one picture')
    count = max(len(row) for row in rows)
    widths = [
        max(row[column].image.shape[1] for row in rows if column < len(row))
        for column in range(count)
    ]
    lines = [_row([_cell(c, w) for c, w in zip(row, widths)]) for row in rows]
    if column_titles is not None:
        titles = [
            text_strip(text, width, FONT, bold=True, center=True)
            for text, width in zip(column_titles, widths)
        ]
        lines.insert(0, _row(titles))
        row_labels = row_labels and ['', *row_labels]
    if row_labels is not None:
        lines = [
            _row([_row_label(text, line.shape[0]), line])
            for text, line in zip(row_labels, lines)
        ]
    width = max(max(line.shape[1] for line in lines), 480)
    head = [text_strip(title, width, 18, bold=True, padding=0)]
    if subtitle:
        head.append(text_strip(subtitle, width, FONT, FAINT_INK, padding=0))
    if legend:
        head.append(_legend(legend, width))
    return _pad(_column([*head, *lines]), MARGIN)


def swatch(color: Color, style: str) -> np.ndarray:
    """Draw a sample of a colour and a style for a legend.

    Args:
        color (tuple[int, int, int]): The colour, RGB.
        style (str): ``'mask'``, ``'hatched'`` or ``'box'``.

    Returns:
        np.ndarray: The sample, RGB, uint8, shape (18, 30, 3).

    Raises:
        ValueError: If there is no such style.
    """
    image = np.full((18, 30, 3), 215, np.uint8)
    mask = np.zeros(image.shape[:2], dtype=bool)
    mask[2:-2, 2:-2] = True
    if style == 'mask':
        return draw_mask(image, mask, color)
    if style == 'hatched':
        return draw_hatched_mask(image, mask, color, spacing=6)
    if style == 'box':
        return draw_box(image, (2, 2, 28, 16), color)
    raise ValueError(f"style must be 'mask', 'hatched' or 'box', not {style}")


def write_png(path: str, image: np.ndarray) -> None:
    """Write a picture as PNG, and make its folder.

    Args:
        path (str): Path of the file, ending in ``.png``.
        image (np.ndarray): The picture, RGB, uint8, shape (H, W, 3).

    Raises:
        ValueError: If the path doesn't end in ``.png``.
    """
    if not path.lower().endswith('.png'):
        raise ValueError(f'{path}: give a name that ends in .png')
    folder = os.path.dirname(path)
    if folder:
        os.makedirs(folder, exist_ok=True)
    _, data = cv2.imencode('.png', image[..., ::-1])
    # Not by cv2.imwrite, which fails for some names without an error.
    with open(path, 'wb') as file:
        file.write(data.tobytes())


def _cell(cell: Cell, width: int) -> np.ndarray:
    """A picture, centred in its column, with its caption."""
    image = _widen(cell.image, width)
    if not cell.caption:
        return image
    color = cell.color or PAPER
    ink = INK if cell.color is None else ink_on(cell.color)
    strip = text_strip(cell.caption, width, FONT, ink, color, center=True, padding=3)
    return np.concatenate([image, strip])


def _widen(image: np.ndarray, width: int) -> np.ndarray:
    missing = width - image.shape[1]
    sides = (missing // 2, missing - missing // 2)
    return np.pad(image, ((0, 0), sides, (0, 0)), constant_values=255)


def _row(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Put images side by side, aligned at the top, with gaps."""
    height = max(part.shape[0] for part in parts)
    padded = []
    for index, part in enumerate(parts):
        gap = GAP if index else 0
        padded.append(
            np.pad(
                part,
                ((0, height - part.shape[0]), (gap, 0), (0, 0)),
                constant_values=255,
            )
        )
    return np.concatenate(padded, axis=1)


def _column(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Put images one below the other, aligned at the left, with gaps."""
    width = max(part.shape[1] for part in parts)
    padded = []
    for index, part in enumerate(parts):
        gap = GAP if index else 0
        padded.append(
            np.pad(
                part,
                ((gap, 0), (0, width - part.shape[1]), (0, 0)),
                constant_values=255,
            )
        )
    return np.concatenate(padded)


def _row_label(text: str, height: int) -> np.ndarray:
    """The label of a row, centred vertically."""
    if not text:
        return np.full((height, ROW_LABEL_WIDTH, 3), 255, np.uint8)
    strip = text_strip(text, ROW_LABEL_WIDTH, FONT, padding=0)
    above = max((height - strip.shape[0]) // 2, 0)
    return np.pad(strip, ((above, 0), (0, 0), (0, 0)), constant_values=255)


def _legend(entries: Sequence[tuple[np.ndarray, str]], width: int) -> np.ndarray:
    """Swatches with their texts, in as many lines as they need."""
    lines: list[np.ndarray] = []
    line: list[np.ndarray] = []
    used = 0
    for image, text in entries:
        length = min(text_size(text, FONT)[0] + 2, width - 60)
        entry = _row([image, text_strip(text, length, FONT, padding=0)])
        if line and used + 3 * GAP + entry.shape[1] > width:
            lines.append(_row(line))
            line, used = [], 0
        # The gap between entries is wider than the one inside them.
        line.append(np.pad(entry, ((0, 0), (0, 2 * GAP), (0, 0)), constant_values=255))
        used += entry.shape[1] + 3 * GAP
    return _column([*lines, _row(line)])


def _pad(image: np.ndarray, margin: int) -> np.ndarray:
    return np.pad(
        image, ((margin, margin), (margin, margin), (0, 0)), constant_values=255
    )
