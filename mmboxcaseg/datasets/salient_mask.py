"""Reading masks that are stored as pictures."""

import os.path as osp
from collections.abc import Sequence

import cv2
import numpy as np

from mmboxcaseg.annotations.photos import photo_size
from mmboxcaseg.decoding import decode_photo

# Lowest grey value of the foreground. The masks of DUTS-TR have soft edges.
FOREGROUND_FROM = 128


def read_mask(path: str) -> np.ndarray:
    """Read a mask from a picture, in grey or in colour.

    Args:
        path (str): Path of the picture.

    Returns:
        np.ndarray: Mask, (H, W) uint8, 1 where the grey value is above 127,
        else 0.

    Raises:
        OSError: If the file can't be read.
        ValueError: If the file is no picture.
    """
    with open(path, 'rb') as file:
        picture = decode_photo(file.read(), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise ValueError(f'{path} is not a readable picture, as a mask must be')
    return (picture >= FOREGROUND_FROM).astype(np.uint8)


def fitting_mask(image: str, masks: Sequence[str]) -> tuple[str | None, str]:
    """Find the mask that has the size of an image.

    Only the heads of the files are read.

    Args:
        image (str): Path of the image.
        masks (Sequence[str]): Paths of possible masks.

    Returns:
        tuple[str | None, str]: Path of the first mask that fits, or None; and
        the reason if there is none.
    """
    try:
        height, width = photo_size(image)
    except ValueError as error:
        return None, f'{osp.basename(image)}: {error}'
    reasons = []
    for mask in masks:
        try:
            size = photo_size(mask)
        except ValueError as error:
            reasons.append(f'{osp.basename(mask)}: {error}')
            continue
        if size == (height, width):
            return mask, ''
        reasons.append(
            f'{osp.basename(mask)} is {size[1]} x {size[0]} '
            f'pixels, but its image is {width} x {height}'
        )
    return None, ', '.join(reasons)


def count_objects(mask: np.ndarray, connectivity: int = 8, min_area: int = 0) -> int:
    """Count the objects in a mask, its connected components.

    Args:
        mask (np.ndarray): Mask, (H, W) uint8, 0 or 1.
        connectivity (int): 8 if diagonal neighbours are connected, else 4.
            Defaults to 8.
        min_area (int): Smallest number of pixels of an object. Defaults to 0.

    Returns:
        int: Number of objects.

    Raises:
        ValueError: If ``connectivity`` is neither 4 nor 8.
    """
    if connectivity not in (4, 8):
        raise ValueError(
            f'single_object.connectivity must be 4 or 8, but is {connectivity!r}'
        )
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=connectivity)
    # The first component is the background.
    return int((stats[1:, cv2.CC_STAT_AREA] >= min_area).sum())
