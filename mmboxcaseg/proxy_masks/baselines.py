"""Baselines: masks of boxes that need no network."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np

from mmboxcaseg.annotations import MaskFile
from mmboxcaseg.masks import decode_rle

from .mask_function import InRects, masks_of_images, photo_of

METHODS = ('grabcut', 'box', 'truth')
# Fewest pixels of an image part to which GrabCut can fit its colour model.
LEAST_PIXELS = 16
# Smallest share of the box: with a smaller mask GrabCut has lost the object.
LEAST_SHARE = 0.1


@dataclass(frozen=True)
class GrabCutOptions:
    """How GrabCut segments a box.

    Attributes:
        margin (float): Width of the border around the box from which the
            background is learnt, as a share of the box's sides, above 0.
            Defaults to 0.1.
        side (int): Longest side of the crop in pixels, at least 8; larger
            crops are scaled down. Defaults to 256.
        iterations (int): Number of GrabCut's iterations, at least 1. Defaults
            to 5.

    Raises:
        ValueError: If an option is out of its range.
    """

    margin: float = 0.1
    side: int = 256
    iterations: int = 5

    def __post_init__(self) -> None:
        if self.margin <= 0 or self.side < 8 or self.iterations < 1:
            raise ValueError(
                'GrabCut needs a margin above 0, a side of at '
                'least 8 and at least 1 iteration, not '
                f'{asdict(self)}'
            )


def grabcut_mask(
    photo: np.ndarray,
    rect: np.ndarray,
    options: GrabCutOptions = GrabCutOptions(),
    seed: int = 0,
) -> np.ndarray:
    """Segment the object of a box with GrabCut.

    All pixels outside the box are background; inside the box the colours
    decide.

    Args:
        photo (np.ndarray): The photo, BGR, uint8, shape (H, W, 3).
        rect (np.ndarray): Pixel rectangle of the box, x0, y0, x1, y1,
            half-open, inside the photo.
        options (GrabCutOptions): Options of GrabCut. Defaults to the defaults
            of the class.
        seed (int): Seed of GrabCut's k-means. Defaults to 0.

    Returns:
        np.ndarray: The mask, bool, shape (y1 - y0, x1 - x0). It is all True
        if the box or the background has too few pixels (the box may be the
        whole photo), or if the mask would be less than a tenth of the box.
    """
    x0, y0, x1, y1 = (int(value) for value in rect)
    height, width = photo.shape[:2]
    dx, dy = (max(1, round(options.margin * size)) for size in (x1 - x0, y1 - y0))
    left, top = max(0, x0 - dx), max(0, y0 - dy)
    crop = photo[top : min(height, y1 + dy), left : min(width, x1 + dx)]
    marks = np.full(crop.shape[:2], cv2.GC_BGD, np.uint8)
    marks[y0 - top : y1 - top, x0 - left : x1 - left] = cv2.GC_PR_FGD
    shown = crop.shape[1::-1]
    scale = options.side / max(shown)
    if scale < 1:
        size = tuple(max(1, round(scale * n)) for n in shown)
        crop = cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
        marks = cv2.resize(marks, size, interpolation=cv2.INTER_NEAREST)
    inside = np.count_nonzero(marks == cv2.GC_PR_FGD)
    if min(inside, marks.size - inside) < LEAST_PIXELS:
        return np.ones((y1 - y0, x1 - x0), dtype=bool)
    cv2.setRNGSeed(seed)
    marks, _, _ = cv2.grabCut(
        np.ascontiguousarray(crop),
        marks,
        None,
        np.zeros((1, 65)),
        np.zeros((1, 65)),
        options.iterations,
        cv2.GC_INIT_WITH_MASK,
    )
    found = np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    if scale < 1:
        found = cv2.resize(found, shown, interpolation=cv2.INTER_LINEAR)
    mask = found[y0 - top : y1 - top, x0 - left : x1 - left] >= 0.5
    return mask if mask.mean() >= LEAST_SHARE else np.ones_like(mask)


def baseline_masks(
    truth: MaskFile,
    method: str,
    img_dir: str | None = None,
    merge: bool = True,
    grabcut: GrabCutOptions = GrabCutOptions(),
    on_image: Callable[[int], None] = lambda instances: None,
) -> dict[str, Any]:
    """Make masks of all boxes of a file with a method that needs no network.

    Args:
        truth (MaskFile): File that has the boxes and, for ``'truth'``, the
            true masks.
        method (str): ``'grabcut'``, see :func:`grabcut_mask`; ``'box'``, the
            filled box; or ``'truth'``, the part of the true mask that lies in
            the box.
        img_dir (str, optional): Folder of the photos, for ``'grabcut'``.
            Defaults to None: the working directory.
        merge (bool): Whether a pixel claimed by several masks of a photo goes
            to the smallest object. Defaults to True.
        grabcut (GrabCutOptions): Options of GrabCut. Defaults to the defaults
            of the class.
        on_image (Callable[[int], None]): Function that is called after each
            image of ``truth.boxes.wanted`` with the number of its masks.
            Defaults to one that does nothing.

    Returns:
        dict: Content of a proxy-mask file, as json values. Crowds are not
        changed; a box that covers nothing of its image has an empty mask.

    Raises:
        ValueError: If the method is unknown, a photo or a true mask is
            missing, or a photo has another size than the file says.
    """
    if method not in METHODS:
        raise ValueError(f'the method must be one of {METHODS}, not {method!r}')
    boxes = truth.boxes

    def predict(image: int, places: np.ndarray, rects: np.ndarray) -> InRects:
        if method == 'box':
            masks = [np.ones((y1 - y0, x1 - x0), bool) for x0, y0, x1, y1 in rects]
        elif method == 'truth':
            masks = [
                decode_rle(truth.rle(place))[y0:y1, x0:x1]
                for place, (x0, y0, x1, y1) in zip(places.tolist(), rects)
            ]
        else:
            photo = photo_of(boxes, image, img_dir)
            masks = [grabcut_mask(photo, rect, grabcut) for rect in rects]
        return InRects(masks)

    made = dict(method=method, merge=merge)
    if method == 'grabcut':
        made.update(asdict(grabcut))
    return masks_of_images(truth, predict, made, on_image)
