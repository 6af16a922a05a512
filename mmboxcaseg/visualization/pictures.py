"""The pictures that sheets of data and results are made of.

Photos are RGB, uint8, shape (H, W, 3); boxes xyxy in their pixels; masks
bool, shape (H, W).
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
    """Objects in a photo, N of them.

    Attributes:
        boxes (np.ndarray): xyxy, shape (N, 4).
        masks (Sequence[np.ndarray]): N masks, or none.
        labels (Sequence[int]): N numbers of classes.
        texts (Sequence[str]): What to write at each.
    """

    boxes: np.ndarray
    masks: Sequence[np.ndarray]
    labels: Sequence[int]
    texts: Sequence[str]


def patch_picture(
    patch: np.ndarray, label: np.ndarray, supervision: str, name: str, side: int
) -> Cell:
    """A training patch with its box or its mask (the paper, Sec. 3.2).

    Args:
        patch (np.ndarray): RGB, uint8, shape (S, S, 3).
        label (np.ndarray): Bool, shape (S, S): the filled box or the mask.
        supervision (str): ``'box'`` or ``'mask'``.
        name (str): Name of the photo's file.
        side (int): Longer side of the picture in pixels.

    Returns:
        Cell: The supervision is written under it, on its colour.
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
    """An object's box, its true mask and some predicted ones.

    Args:
        photo (np.ndarray): The whole photo.
        box (np.ndarray): xyxy, shape (4, ).
        box_iou (float): IoU of the filled box with the true mask, in [0, 1].
        truth (np.ndarray): The true mask.
        masks (Sequence[np.ndarray]): Predicted masks.
        ious (Sequence[float]): Their IoU with the true one, in [0, 1].
        side (int): Longer side of the pictures in pixels.

    Returns:
        list[Cell]: The photo with the box, with the truth, with each mask,
        cut out with a quarter of the box's size around it.
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
    """A photo with its proxy masks, the ignored ones hatched (Sec. 3.4).

    Args:
        photo (np.ndarray): The photo.
        boxes (np.ndarray): N boxes, shape (N, 4).
        masks (Sequence[np.ndarray]): N masks.
        agreements (Sequence[float]): N agreements, in [0, 1].
        agreement_thr (float): A mask with a lower agreement is ignored.
        name (str): Name of the photo's file.
        side (int): Longer side of the picture in pixels.
        classes (Sequence[str]): N names, written before the scores. Defaults
            to (): none.
        confidences (Sequence[float], optional): N confidences, in [0, 1],
            written before the agreements. Defaults to None.
        confidence_thr (float, optional): A mask with a lower confidence is
            ignored too. Defaults to None.
        rejected (np.ndarray, optional): (N,) bool, masks that are ignored
            whatever their scores. Defaults to None: none.

    Returns:
        Cell: Each mask with its scores, see
        :func:`~mmboxcaseg.visualization.score_text`; under it how many are
        kept.
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
    """What was found in a photo beside what is there.

    Args:
        photo (np.ndarray): The photo.
        found (Instances): Detections.
        true (Instances): Ground truth.
        name (str): Name of the photo's file.
        side (int): Longer side of the pictures in pixels.

    Returns:
        list[Cell]: Two pictures; a class has the same colour in both.
    """
    # Numbered within the photo, where colours must differ.
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
    """An image as a detector trains on it, its ignored masks hatched.

    Args:
        image (np.ndarray): The image after augmentation.
        instances (Instances): What it has.
        ignored (Sequence[bool]): Which masks the mask loss ignores.
        name (str): Name of the photo's file.
        side (int): Longer side of the picture in pixels.

    Returns:
        Cell: Instances in different colours, with their classes.
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
    """Pictures in rows of ``columns``, the last one perhaps shorter."""
    return [cells[i : i + columns] for i in range(0, len(cells), columns)]
