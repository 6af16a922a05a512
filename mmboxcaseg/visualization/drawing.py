"""Drawing masks and boxes on photos.

Images are RGB, uint8, shape (H, W, 3). No function changes its input.
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
        image (np.ndarray): The image, RGB, uint8, shape (H, W, 3).
        mask (np.ndarray): The mask, bool, shape (H, W).
        color (tuple[int, int, int]): Colour of tint and contour, RGB.
        opacity (float): Opacity of the tint, in [0, 1]. Defaults to 0.45.
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
    """Hatch a mask and draw its contour, as for masks that are ignored.

    Args:
        image (np.ndarray): The image, RGB, uint8, shape (H, W, 3).
        mask (np.ndarray): The mask, bool, shape (H, W).
        color (tuple[int, int, int]): Colour of lines and contour, RGB.
        spacing (int): Distance of the hatch lines in pixels. Defaults to 10.
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
    """Draw the outline of a box, just inside its sides.

    Args:
        image (np.ndarray): The image, RGB, uint8, shape (H, W, 3).
        box (Sequence[float]): Box as xyxy in pixels of the image, continuous:
            a box over the columns 0..9 spans [0, 10). Parts outside the image
            are not drawn.
        color (tuple[int, int, int]): Colour of the outline, RGB.
        thickness (int): Width of the outline in pixels. Defaults to 2.

    Returns:
        np.ndarray: A new image.
    """
    drawn = image.copy()
    height, width = image.shape[:2]
    x0, y0, x1, y1 = (int(np.floor(side + 0.5)) for side in box)
    # At least one pixel, so that a box without width can be seen.
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
    """Resize an image for display.

    Args:
        image (np.ndarray): The image, RGB, uint8, shape (H, W, 3).
        width (int): New width in pixels.
        height (int): New height in pixels.

    Returns:
        np.ndarray: The resized image, RGB, uint8, shape (height, width, 3).
    """
    shrinks = width * height < image.shape[0] * image.shape[1]
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return cv2.resize(image, (width, height), interpolation=interpolation)


def resize_mask(mask: np.ndarray, width: int, height: int) -> np.ndarray:
    """Resize a mask with smooth edges, which stay in their place.

    Args:
        mask (np.ndarray): The mask, bool, shape (H, W).
        width (int): New width in pixels.
        height (int): New height in pixels.

    Returns:
        np.ndarray: The resized mask, bool, shape (height, width).
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
    """Scale a photo, its masks and its boxes to the largest size that fits.

    Masks and boxes are drawn after scaling, which keeps lines and text sharp.

    Args:
        image (np.ndarray): The photo, RGB, uint8, shape (H, W, 3).
        masks (Sequence[np.ndarray]): Masks, bool, shape (H, W) each.
        boxes (np.ndarray): Boxes as xyxy, shape (N, 4), in pixels of the
            photo.
        width (int): Largest width in pixels.
        height (int): Largest height in pixels.

    Returns:
        tuple[np.ndarray, list[np.ndarray], np.ndarray]: The scaled photo,
        masks and boxes.
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
    """Draw the contour of a mask in place."""
    if thickness:
        contours, _ = cv2.findContours(
            mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE
        )
        cv2.drawContours(image, contours, -1, color, thickness, cv2.LINE_AA)
    return image


def _check_size(image: np.ndarray, mask: np.ndarray) -> None:
    if mask.shape != image.shape[:2]:
        raise ValueError(
            f'the mask has (height, width) {mask.shape}, but its image '
            f'{image.shape[:2]}; both must have the same size'
        )
