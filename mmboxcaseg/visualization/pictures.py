"""The pictures of which sheets of data and results consist.

Photos are RGB, uint8, shape (H, W, 3). Boxes are xyxy in pixels of the photo.
Masks are bool, shape (H, W).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmboxcaseg.masks import pixel_rects, tight_boxes
from mmboxcaseg.thresholds import ignored_masks

from .colors import BOX, MASK, TRUTH, color_of
from .drawing import draw_box, draw_mask, fit
from .instances import draw_instances
from .sheet import FONT, Cell
from .text import score_text, shorten


@dataclass(frozen=True, eq=False)
class Instances:
    """The N objects of a photo.

    Attributes:
        boxes (np.ndarray): Boxes as xyxy, shape (N, 4).
        masks (Sequence[np.ndarray]): N masks, or none at all.
        labels (Sequence[int]): N numbers of classes.
        texts (Sequence[str]): N texts, written at the boxes.
    """

    boxes: np.ndarray
    masks: Sequence[np.ndarray]
    labels: Sequence[int]
    texts: Sequence[str]


def patch_picture(
    patch: np.ndarray, label: np.ndarray, supervision: str, name: str, side: int
) -> Cell:
    """Draw a training patch with its box or its mask (the paper, Sec. 3.2).

    Args:
        patch (np.ndarray): The patch, RGB, uint8, shape (S, S, 3).
        label (np.ndarray): The filled box or the mask, bool, shape (S, S).
        supervision (str): ``'box'`` or ``'mask'``.
        name (str): Name of the photo's file.
        side (int): Longer side of the picture in pixels.

    Returns:
        Cell: The picture. Its caption has the supervision and its colour.
    """
    height, width = label.shape
    boxes = tight_boxes([label], [[0, 0, width, height]])
    drawn, (label,), boxes = fit(patch, [label], boxes, side, side)
    if supervision == 'box':
        color = BOX
        drawn = draw_mask(drawn, label, color, opacity=0.15, thickness=0)
        drawn = draw_box(drawn, boxes[0], color, thickness=3)
    else:
        color = MASK
        drawn = draw_mask(drawn, label, color)
    return Cell(drawn, f'{supervision}\n{shorten(name, side - 8, FONT)}', color)


def comparison_row(
    photo: np.ndarray,
    box: np.ndarray,
    box_iou: float,
    truth: np.ndarray,
    masks: Sequence[np.ndarray],
    ious: Sequence[float],
    side: int,
) -> list[Cell]:
    """Draw the box, the true mask and predicted masks of an object.

    Args:
        photo (np.ndarray): The whole photo.
        box (np.ndarray): Box of the object as xyxy, shape (4,).
        box_iou (float): IoU of the filled box with the true mask, in [0, 1].
        truth (np.ndarray): The true mask.
        masks (Sequence[np.ndarray]): Predicted masks.
        ious (Sequence[float]): IoU of each predicted mask with the true one,
            in [0, 1].
        side (int): Longer side of the pictures in pixels.

    Returns:
        list[Cell]: Pictures of the box, of the true mask and of each
        predicted mask, with a border of a quarter of the box's sides.
    """
    border = np.tile((box[2:] - box[:2]) / 4, 2) * (-1, -1, 1, 1)
    x0, y0, x1, y1 = pixel_rects((box + border)[None], *truth.shape)[0]
    photo, scaled, boxes = fit(
        photo[y0:y1, x0:x1],
        [mask[y0:y1, x0:x1] for mask in (truth, *masks)],
        box - (x0, y0, x0, y0),
        side,
        side,
    )
    cells = [
        Cell(draw_box(photo, boxes[0], BOX), f'box: IoU {100 * box_iou:.1f}'),
        Cell(draw_mask(photo, scaled[0], TRUTH, thickness=1)),
    ]
    return cells + [
        Cell(draw_mask(photo, mask, MASK, thickness=1), f'IoU {100 * iou:.1f}')
        for mask, iou in zip(scaled[1:], ious)
    ]


def proxy_picture(
    photo: np.ndarray,
    boxes: np.ndarray,
    masks: Sequence[np.ndarray],
    agreements: Sequence[float],
    agreement_thr: float,
    name: str,
    side: int,
    classes: Sequence[str] = (),
    confidences: Sequence[float] | None = None,
    confidence_thr: float | None = None,
    rejected: np.ndarray | None = None,
) -> Cell:
    """Draw a photo with its proxy masks (the paper, Sec. 3.4).

    Each mask gets its scores as a label, see
    :func:`~mmboxcaseg.visualization.score_text`. Ignored masks are hatched in
    red.

    Args:
        photo (np.ndarray): The photo.
        boxes (np.ndarray): Boxes as xyxy, shape (N, 4).
        masks (Sequence[np.ndarray]): N masks.
        agreements (Sequence[float]): N agreements in [0, 1].
        agreement_thr (float): Masks with a lower agreement, in [0, 1], are
            ignored.
        name (str): Name of the photo's file.
        side (int): Longer side of the picture in pixels.
        classes (Sequence[str]): N names of classes, written before the
            scores. Defaults to (): none are written.
        confidences (Sequence[float], optional): N confidences in [0, 1],
            written before the agreements. Defaults to None.
        confidence_thr (float, optional): Masks with a lower confidence, in
            [0, 1], are ignored too. Defaults to None: confidence is not
            looked at.
        rejected (np.ndarray, optional): (N,) bool, masks that are ignored
            whatever their scores. Defaults to None: none is.

    Returns:
        Cell: The picture. Its caption has the name of the photo and the
        numbers of kept and ignored masks.

    Raises:
        ValueError: If a threshold is not in [0, 1], or ``confidence_thr`` is
            given without ``confidences``.
    """
    ignored = ignored_masks(
        np.asarray(agreements),
        None if confidences is None else np.asarray(confidences),
        agreement_thr,
        confidence_thr,
        rejected,
    ).tolist()
    photo, masks, boxes = fit(photo, masks, boxes, side, side)
    if confidences is None:
        texts = [score_text(agreement) for agreement in agreements]
    else:
        texts = [score_text(*pair) for pair in zip(agreements, confidences)]
    if classes:
        texts = [f'{one} {text}' for one, text in zip(classes, texts)]
    colors = [color_of(index) for index in range(len(masks))]
    drawn = draw_instances(photo, boxes, colors, texts, masks, ignored)
    return Cell(
        drawn, f'{name}\n{len(ignored) - sum(ignored)} kept, {sum(ignored)} ignored'
    )


def detection_pictures(
    photo: np.ndarray, found: Instances, true: Instances, name: str, side: int
) -> list[Cell]:
    """Draw the detections in a photo, and the true objects.

    Args:
        photo (np.ndarray): The photo.
        found (Instances): The detections.
        true (Instances): The true objects.
        name (str): Name of the photo's file.
        side (int): Longer side of the pictures in pixels.

    Returns:
        list[Cell]: One picture of each. A class has the same colour in both.
    """
    # Classes are numbered within the photo, so that their colours differ.
    labels = sorted({*found.labels, *true.labels})
    color = {label: color_of(place) for place, label in enumerate(labels)}
    cells = []
    for one, what in ((found, 'found'), (true, 'there')):
        scaled, masks, boxes = fit(photo, one.masks, one.boxes, side, side)
        drawn = draw_instances(
            scaled, boxes, [color[label] for label in one.labels], one.texts, masks
        )
        cells.append(Cell(drawn, f'{name}: {len(one.labels)} {what}'))
    return cells


def training_picture(
    image: np.ndarray,
    instances: Instances,
    ignored: Sequence[bool],
    name: str,
    side: int,
) -> Cell:
    """Draw an image as a detector trains on it, with ignored masks hatched.

    Args:
        image (np.ndarray): The image after augmentation.
        instances (Instances): The N instances of the image.
        ignored (Sequence[bool]): Whether the mask loss ignores each of the N
            masks.
        name (str): Name of the photo's file.
        side (int): Longer side of the picture in pixels.

    Returns:
        Cell: The picture, with instances in different colours and their
        classes as labels.
    """
    image, masks, boxes = fit(image, instances.masks, instances.boxes, side, side)
    texts = [
        f'{text} (ignored)' if ignore else text
        for text, ignore in zip(instances.texts, ignored)
    ]
    colors = [color_of(index) for index in range(len(texts))]
    drawn = draw_instances(
        image, boxes, colors, texts, masks or None, ignored, font_size=11
    )
    return Cell(
        drawn,
        f'{name}\nboxes: {len(texts)}; masks: '
        f'{len(texts) - sum(ignored)} train, {sum(ignored)} ignored',
    )


def in_rows(cells: Sequence[Cell], columns: int) -> list[Sequence[Cell]]:
    """Arrange pictures in rows.

    Args:
        cells (Sequence[Cell]): The pictures.
        columns (int): Number of pictures in a row.

    Returns:
        list[Sequence[Cell]]: The rows; the last one may be shorter.

    Example:
        >>> in_rows('abcde', 3)
        ['abc', 'de']
    """
    return [cells[i : i + columns] for i in range(0, len(cells), columns)]
