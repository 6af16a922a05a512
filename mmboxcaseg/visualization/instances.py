"""Drawing the instances of a photo: masks, boxes and labels."""

from collections.abc import Sequence

import cv2
import numpy as np

from .colors import IGNORED, INK, Color, ink_on
from .drawing import draw_box, draw_hatched_mask, draw_mask
from .text import draw_text, text_size

Rect = tuple[int, int, int, int]
# A label farther from its box than this, in heights of a label, gets a line.
NEAR = 1.5
# Objects with a side shorter than this, in pixels, get a thin contour.
SMALL = 24


def draw_instances(
    image: np.ndarray,
    boxes: np.ndarray,
    colors: Sequence[Color],
    texts: Sequence[str] | None = None,
    masks: Sequence[np.ndarray] | None = None,
    ignored: Sequence[bool] | None = None,
    font_size: int = 12,
) -> np.ndarray:
    """Draw the instances of an image.

    Args:
        image (np.ndarray): The image, RGB, uint8, shape (H, W, 3).
        boxes (np.ndarray): Boxes as xyxy, shape (N, 4), in pixels of the
            image.
        colors (Sequence[tuple[int, int, int]]): Colours of the N instances,
            RGB.
        texts (Sequence[str], optional): Labels of the N instances; an empty
            text gives no label. Defaults to None: no labels.
        masks (Sequence[np.ndarray], optional): Masks of the N instances,
            bool, shape (H, W). Defaults to None: no masks.
        ignored (Sequence[bool], optional): Whether the mask loss ignores each
            of the N masks; such masks are hatched in red. Defaults to None:
            it ignores none.
        font_size (int): Size of the font in pixels. Defaults to 12.

    Returns:
        np.ndarray: A new image.
    """
    boxes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    if ignored is None:
        ignored = [False] * len(boxes)
    colors = [IGNORED if red else c for c, red in zip(colors, ignored)]
    if masks is not None:
        # Small masks are drawn over large ones, kept masks over ignored ones.
        for index in sorted(
            range(len(boxes)),
            key=lambda i: (not ignored[i], -np.count_nonzero(masks[i])),
        ):
            draw = draw_hatched_mask if ignored[index] else draw_mask
            side = (boxes[index, 2:] - boxes[index, :2]).min()
            image = draw(
                image, masks[index], colors[index], thickness=1 if side < SMALL else 2
            )
    for box, color in zip(boxes, colors):
        image = draw_box(image, box, color, thickness=1)
    if texts is None:
        return image
    return draw_labels(image, boxes, texts, colors, font_size)


def draw_labels(
    image: np.ndarray,
    boxes: np.ndarray,
    texts: Sequence[str],
    colors: Sequence[Color],
    font_size: int = 12,
) -> np.ndarray:
    """Write a label at each box, with a line to labels that are far away.

    Args:
        image (np.ndarray): The image, RGB, uint8, shape (H, W, 3).
        boxes (np.ndarray): Boxes as xyxy, shape (N, 4), in pixels of the
            image.
        texts (Sequence[str]): Labels of the N boxes; an empty text gives no
            label.
        colors (Sequence[tuple[int, int, int]]): Background colours of the N
            labels, RGB.
        font_size (int): Size of the font in pixels. Defaults to 12.

    Returns:
        np.ndarray: A new image.
    """
    sizes = [
        (text_size(text, font_size)[0] + 6, text_size('', font_size)[1])
        for text in texts
    ]
    height, width = image.shape[:2]
    places = place_labels(boxes, sizes, width, height)
    drawn = image.copy()
    for box, place, text, color in zip(boxes, places, texts, colors):
        if place is None or not text:
            continue
        x0, y0, x1, y1 = place
        anchor = np.clip(((x0 + x1) / 2, (y0 + y1) / 2), box[:2], box[2:])
        distance = np.abs(anchor - np.clip(anchor, (x0, y0), (x1, y1))).max()
        if distance > NEAR * (y1 - y0):
            start = ((x0 + x1) // 2, (y0 + y1) // 2)
            cv2.line(
                drawn, start, (int(anchor[0]), int(anchor[1])), color, 1, cv2.LINE_AA
            )
    for place, text, color in zip(places, texts, colors):
        if place is None or not text:
            continue
        x0, y0, x1, y1 = place
        drawn[y0:y1, x0:x1] = color
        # A dark frame separates labels that touch.
        cv2.rectangle(drawn, (x0, y0), (x1 - 1, y1 - 1), INK, 1)
        drawn = draw_text(drawn, text, x0 + 3, y0, font_size, ink_on(color))
    return drawn


def place_labels(
    boxes: np.ndarray, sizes: Sequence[tuple[int, int]], width: int, height: int
) -> list[Rect | None]:
    """Find places for labels near their boxes that don't overlap.

    The places are tried in this order: at the corners of the box, first above
    it, then inside, then below; then on a grid over the image, by their
    distance. Smaller boxes choose first, since their labels have fewer good
    places.

    Args:
        boxes (np.ndarray): Boxes as xyxy, shape (N, 4), in pixels of the
            image.
        sizes (Sequence[tuple[int, int]]): Widths and heights of the N labels
            in pixels.
        width (int): Width of the image in pixels.
        height (int): Height of the image in pixels.

    Returns:
        list[tuple[int, int, int, int] | None]: Rectangle of each label, x0,
        y0, x1, y1, half-open; None if no place is left.
    """
    boxes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    places: list[Rect | None] = [None] * len(boxes)
    taken = np.zeros((0, 4))
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    for index in np.argsort(areas, kind='stable'):
        label_width, label_height = sizes[index]
        if label_width > width or label_height > height:
            continue
        corners = _candidates(boxes[index], label_width, label_height, width, height)
        rects = np.hstack([corners, corners + (label_width, label_height)])
        apart = (
            (
                (rects[:, None, :2] >= taken[None, :, 2:])
                | (taken[None, :, :2] >= rects[:, None, 2:])
            )
            .any(-1)
            .all(-1)
        )
        free = np.flatnonzero(apart)
        if len(free):
            chosen = rects[free[0]]
            x0, y0, x1, y1 = (int(side) for side in chosen)
            places[index] = x0, y0, x1, y1
            taken = np.vstack([taken, chosen])
    return places


def _candidates(
    box: np.ndarray, label_width: int, label_height: int, width: int, height: int
) -> np.ndarray:
    """Possible upper left corners of a label, the best first, (M, 2) int."""
    x0, y0, x1, y1 = np.floor(box + 0.5).astype(int)
    right, bottom = x1 - label_width, y1 - label_height
    near = np.array(
        [
            (x0, y0 - label_height),
            (right, y0 - label_height),
            (x0, y0),
            (right, y0),
            (x0, y1),
            (right, y1),
            (x0, bottom),
            (right, bottom),
            (x1, y0),
            (x0 - label_width, y0),
        ]
    )
    room = np.array([width - label_width, height - label_height])
    inside = ((near >= 0) & (near <= room)).all(axis=1)
    rows = np.arange(0, room[1] + 1, max(label_height // 2, 1))
    columns = np.arange(0, room[0] + 1, max(label_width // 4, 1))
    grid = np.stack(np.meshgrid(columns, rows), -1).reshape(-1, 2)
    away = np.abs(grid - np.clip((x0, y0 - label_height), 0, room)).sum(axis=1)
    return np.vstack([near[inside], grid[np.argsort(away, kind='stable')]])
