"""Crops of boxes, as the network takes them (the paper, Sec. 3.4)."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mmboxcaseg.masks import clip_boxes, pixel_rects

Boxes = np.ndarray | Sequence[Sequence[float]]


@dataclass(frozen=True, eq=False)
class BoxCrops:
    """The crops of the N boxes of an image, M a box.

    Attributes:
        crops (np.ndarray): (N * M, S, S, 3) uint8, in the photo's channel
            order: M crops a box, one after the other.
        rects (np.ndarray): (N, 4) int64, x0, y0, x1, y1, half-open, in pixels
            of the image: where the mask of each box will lie.
        windows (np.ndarray | None): (N, M, 4) float64, where the rectangle
            lies in each of its crops, x0, y0, x1, y1 as parts of the crop's
            width and height; None where each box has one crop that shows it
            alone.
    """

    crops: np.ndarray
    rects: np.ndarray
    windows: np.ndarray | None = None


def check_crop_options(margins: Sequence[float], grow: float) -> None:
    """Raise ValueError unless :func:`crop_boxes` can take these.

    Args:
        margins (Sequence[float]): See there.
        grow (float): See there.

    Raises:
        ValueError: If there are no margins, or one of them or ``grow`` is
            negative.
    """
    if not len(margins) or min(margins) < 0:
        raise ValueError(
            f'CropBoxes: margins is {margins!r}; it must be '
            'one or more numbers that are not negative'
        )
    if not grow >= 0:
        raise ValueError(f'CropBoxes: grow is {grow!r}; it must not be negative')


def crop_boxes(
    photo: np.ndarray,
    boxes: Boxes,
    size: int,
    margins: Sequence[float] | np.ndarray = (0,),
    grow: float = 0,
) -> BoxCrops:
    """Crop boxes and resize the crops to squares.

    Args:
        photo (np.ndarray): (H, W, 3) uint8.
        boxes (np.ndarray): (N, 4) xyxy, in pixels of the photo.
        size (int): S, side of the crops in pixels.
        margins (Sequence[float]): M margins, how much of the photo is shown
            on each side of the box, as parts of its width and height. A crop
            ends where the photo does. Defaults to (0, ), as in the paper.
        grow (float): How much larger than the box its rectangle is on each
            side, as a part of the box's width and height. Defaults to 0.

    Returns:
        BoxCrops: The crops.

    Raises:
        ValueError: If a box covers nothing of the photo.
    """
    height, width = photo.shape[:2]
    shares = np.asarray(margins, dtype=np.float64)
    rects = pixel_rects(_grown(boxes, height, width, grow), height, width)
    shown = _with_margins(rects, shares, height, width)
    crops = np.empty((shown[..., 0].size, size, size, 3), np.uint8)
    for crop, (x0, y0, x1, y1) in zip(crops, shown.reshape(-1, 4)):
        crop[:] = cv2.resize(
            photo[y0:y1, x0:x1], (size, size), interpolation=cv2.INTER_LINEAR
        )
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
    """Rectangles (N, M, 4) of the crops."""
    sides = rects[:, None, 2:] - rects[:, None, :2]
    more = np.floor(sides * margins[:, None] + 0.5).astype(np.int64)
    shown = np.concatenate(
        [rects[:, None, :2] - more, rects[:, None, 2:] + more], axis=-1
    )
    return np.clip(shown, 0, [width, height, width, height])
