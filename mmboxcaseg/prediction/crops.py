"""Crops of boxes for the network (the paper, Sec. 3.4)."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mmboxcaseg.masks import clip_boxes, pixel_rects

from .other_boxes import COLOURS, MAPS, other_box_maps

Boxes = np.ndarray | Sequence[Sequence[float]]


@dataclass(frozen=True, eq=False)
class BoxCrops:
    """The crops of the N boxes of an image, M for each box.

    Attributes:
        crops (np.ndarray): (N * M, S, S, C) uint8, in the photo's channel
            order; the M crops of a box follow each other. C is 3, or 5 with
            the maps of other boxes.
        rects (np.ndarray): (N, 4) int64, pixel rectangles for the masks of
            the boxes, x0, y0, x1, y1, half-open, in pixels of the image.
        windows (np.ndarray | None): (N, M, 4) float64, windows of the
            rectangles in their crops: x0, y0, x1, y1 as shares of the crop's
            width and height. None if each box has one crop that shows only
            the box.
    """

    crops: np.ndarray
    rects: np.ndarray
    windows: np.ndarray | None = None


def check_crop_options(margins: Sequence[float], grow: float) -> None:
    """Check the options of :func:`crop_boxes`.

    Args:
        margins (Sequence[float]): Margins of the crops, see
            :func:`crop_boxes`.
        grow (float): Growth of the rectangles, see :func:`crop_boxes`.

    Raises:
        ValueError: If there are no margins, or a margin or ``grow`` is
            negative.
    """
    if not len(margins) or min(margins) < 0:
        raise ValueError(
            f'CropBoxes: margins is {margins!r}, but it must be a list of one or '
            'more numbers, 0 or more each'
        )
    if not grow >= 0:
        raise ValueError(f'CropBoxes: grow is {grow!r}, but it must be 0 or more')


def crop_boxes(
    photo: np.ndarray,
    boxes: Boxes,
    size: int,
    margins: Sequence[float] | np.ndarray = (0,),
    grow: float = 0,
    other_boxes: bool = False,
) -> BoxCrops:
    """Crop boxes and resize the crops to squares.

    Args:
        photo (np.ndarray): The photo, (H, W, 3) uint8.
        boxes (np.ndarray): (N, 4) xyxy, in pixels of the photo.
        size (int): Side S of the crops in pixels.
        margins (Sequence[float]): Margins of the M crops of a box: what a
            crop shows beyond each side of the box, as a share of the box's
            width and height. A crop does not reach beyond the photo. Defaults
            to (0,), as in the paper.
        grow (float): What the rectangle of a box adds to each side of the
            box, as a share of its width and height. Defaults to 0.
        other_boxes (bool): Whether crops have two further channels with the
            other boxes, see :func:`other_box_maps`. They are the others of
            ``boxes``: what masks are not made for is not drawn. Defaults to
            False.

    Returns:
        BoxCrops: The crops.

    Raises:
        ValueError: If a box covers nothing of the photo.
    """
    height, width = photo.shape[:2]
    shares = np.asarray(margins, dtype=np.float64)
    rects = pixel_rects(_grown(boxes, height, width, grow), height, width)
    shown = _with_margins(rects, shares, height, width)
    channels = COLOURS + (MAPS if other_boxes else 0)
    crops = np.empty((shown[..., 0].size, size, size, channels), np.uint8)
    for place, (crop, part) in enumerate(zip(crops, shown.reshape(-1, 4))):
        x0, y0, x1, y1 = part
        crop[..., :COLOURS] = cv2.resize(
            photo[y0:y1, x0:x1], (size, size), interpolation=cv2.INTER_LINEAR
        )
        if other_boxes:
            own = place // len(shares)
            others = np.delete(rects, own, axis=0)
            crop[..., COLOURS:] = other_box_maps(rects[own], others, part, size)
    if not shares.any():
        return BoxCrops(crops, rects)
    origins = np.tile(shown[..., :2], 2)
    extents = np.tile(shown[..., 2:] - shown[..., :2], 2)
    return BoxCrops(crops, rects, (rects[:, None] - origins) / extents)


def _grown(boxes: Boxes, height: int, width: int, grow: float) -> np.ndarray:
    """The boxes (N, 4), clipped to the photo and grown."""
    clipped = clip_boxes(boxes, height, width)
    if grow:
        more = grow * (clipped[:, 2:] - clipped[:, :2])
        clipped += np.concatenate([-more, more], axis=1)
    return clipped


def _with_margins(
    rects: np.ndarray, margins: np.ndarray, height: int, width: int
) -> np.ndarray:
    """Pixel rectangles of the crops, (N, M, 4) int64."""
    sides = rects[:, None, 2:] - rects[:, None, :2]
    more = np.floor(sides * margins[:, None] + 0.5).astype(np.int64)
    shown = np.concatenate(
        [rects[:, None, :2] - more, rects[:, None, 2:] + more], axis=-1
    )
    return np.clip(shown, 0, [width, height, width, height])
