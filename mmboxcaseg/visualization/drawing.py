"""Masks and boxes on photos; every image is RGB, uint8, shape (H, W, 3).

No function changes the image it is given.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from .colors import Color


def draw_mask(
    image: np.ndarray,
    mask: np.ndarray,
    color: Color,
    opacity: float = 0.45,
    thickness: int = 2,
) -> np.ndarray:
    """Tint the pixels of a mask and draw its contour.

    Args:
        image (np.ndarray): RGB, uint8, shape (H, W, 3).
        mask (np.ndarray): Bool, shape (H, W).
        color (tuple[int, int, int]): RGB.
        opacity (float): How strong the tint is, in [0, 1]. Defaults to 0.45.
        thickness (int): Width of the contour in pixels, 0 for none.
            Defaults to 2.

    Returns:
        np.ndarray: A new image.

    Raises:
        ValueError: If image and mask differ in size.
    """
    _check_size(image, mask)
    drawn = image.copy()
    tinted = (1 - opacity) * image[mask] + opacity * np.array(color)
    drawn[mask] = np.rint(tinted).astype(np.uint8)
    return _draw_contour(drawn, mask, color, thickness)


def draw_hatched_mask(
    image: np.ndarray,
    mask: np.ndarray,
    color: Color,
    spacing: int = 10,
    thickness: int = 2,
) -> np.ndarray:
    """Hatch a mask and draw its contour: the look of what is ignored.

    Args:
        image (np.ndarray): RGB, uint8, shape (H, W, 3).
        mask (np.ndarray): Bool, shape (H, W).
        color (tuple[int, int, int]): RGB.
        spacing (int): Pixels from one hatch line to the next.
            Defaults to 10.
        thickness (int): Width of the contour in pixels. Defaults to 2.

    Returns:
        np.ndarray: A new image.

    Raises:
        ValueError: If image and mask differ in size.
    """
    _check_size(image, mask)
    rows, columns = np.indices(mask.shape)
    lines = mask & ((rows + columns) % spacing < 2)
    return _draw_contour(
        draw_mask(image, lines, color, opacity=0.8, thickness=0), mask, color, thickness
    )


def draw_box(
    image: np.ndarray,
    box: Sequence[float] | np.ndarray,
    color: Color,
    thickness: int = 2,
) -> np.ndarray:
    """Draw a box's outline just inside its sides.

    Args:
        image (np.ndarray): RGB, uint8, shape (H, W, 3).
        box (Sequence[float]): xyxy in pixels of the image, continuous: a box
            over the columns 0..9 spans [0, 10). What lies outside the image
            isn't drawn.
        color (tuple[int, int, int]): RGB.
        thickness (int): Width of the outline in pixels. Defaults to 2.

    Returns:
        np.ndarray: A new image.
    """
    drawn = image.copy()
    height, width = image.shape[:2]
    x0, y0, x1, y1 = (int(np.floor(side + 0.5)) for side in box)
    # Wide enough for every side to be seen, also where a box is a line.
    x1, y1 = max(x1, x0 + 1), max(y1, y0 + 1)
    for left, top, right, bottom in (
        (x0, y0, x1, min(y0 + thickness, y1)),
        (x0, max(y1 - thickness, y0), x1, y1),
        (x0, y0, min(x0 + thickness, x1), y1),
        (max(x1 - thickness, x0), y0, x1, y1),
    ):
        left, right = np.clip((left, right), 0, width)
        top, bottom = np.clip((top, bottom), 0, height)
        drawn[top:bottom, left:right] = color
    return drawn


def resize_image(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """Resize a picture for looking at.

    Args:
        image (np.ndarray): RGB, uint8, shape (H, W, 3).
        width (int): New width in pixels.
        height (int): New height in pixels.

    Returns:
        np.ndarray: Shape (height, width, 3).
    """
    shrinks = width * height < image.shape[0] * image.shape[1]
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return cv2.resize(image, (width, height), interpolation=interpolation)


def resize_mask(mask: np.ndarray, width: int, height: int) -> np.ndarray:
    """Resize a mask so that its edge stays where it is, smoothly.

    Args:
        mask (np.ndarray): Bool, shape (H, W).
        width (int): New width in pixels.
        height (int): New height in pixels.

    Returns:
        np.ndarray: Bool, shape (height, width).
    """
    shrinks = width * height < mask.size
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    grey = cv2.resize(
        mask.astype(np.uint8) * 255, (width, height), interpolation=interpolation
    )
    return grey > 127


def fit(
    image: np.ndarray,
    masks: Sequence[np.ndarray],
    boxes: np.ndarray,
    width: int,
    height: int,
) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
    """Scale a photo with what lies on it to the largest size that fits.

    Drawing after scaling keeps lines and letters crisp.

    Args:
        image (np.ndarray): RGB, uint8, shape (H, W, 3).
        masks (Sequence[np.ndarray]): Bool, shape (H, W) each.
        boxes (np.ndarray): xyxy in pixels of the image, shape (N, 4).
        width (int): Width to fit into, in pixels.
        height (int): Height to fit into, in pixels.

    Returns:
        tuple[np.ndarray, list[np.ndarray], np.ndarray]: The same three,
        scaled alike.
    """
    old_height, old_width = image.shape[:2]
    factor = min(width / old_width, height / old_height)
    new_width = max(round(old_width * factor), 1)
    new_height = max(round(old_height * factor), 1)
    scale = np.array([new_width / old_width, new_height / old_height] * 2)
    boxes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4) * scale
    return (
        resize_image(image, new_width, new_height),
        [resize_mask(mask, new_width, new_height) for mask in masks],
        boxes,
    )


def _draw_contour(
    image: np.ndarray, mask: np.ndarray, color: Color, thickness: int
) -> np.ndarray:
    """Draw in place."""
    if thickness:
        contours, _ = cv2.findContours(
            mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE
        )
        cv2.drawContours(image, contours, -1, color, thickness, cv2.LINE_AA)
    return image


def _check_size(image: np.ndarray, mask: np.ndarray) -> None:
    if mask.shape != image.shape[:2]:
        raise ValueError(
            f'the mask has (height, width) {mask.shape}, its '
            f'image {image.shape[:2]}; they must be the same'
        )
