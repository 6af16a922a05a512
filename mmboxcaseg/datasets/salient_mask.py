"""Object masks stored as pictures."""

import os.path as osp
from collections.abc import Sequence

import cv2
import numpy as np

from mmboxcaseg.annotations.photos import photo_size
from mmboxcaseg.decoding import decode_photo

# DUTS-TR's masks have soft edges; from here on a pixel is object.
FOREGROUND_FROM = 128


def read_mask(path: str) -> np.ndarray:
    """Read a mask, grey or in colour, as foreground and background.

    Args:
        path (str): Path of the picture.

    Returns:
        np.ndarray: Shape (H, W), uint8, 1 where the picture's grey value is
        above 127.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no picture.
    """
    with open(path, 'rb') as file:
        picture = decode_photo(file.read(), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise ValueError(f'{path}: no readable picture; a mask must be one')
    return (picture >= FOREGROUND_FROM).astype(np.uint8)


def fitting_mask(image: str, masks: Sequence[str]) -> tuple[str | None, str]:
    """The mask of an image that has its size, by the heads of the files.

    Args:
        image (str): Path of the image.
        masks (Sequence[str]): Paths of the masks that may be its.

    Returns:
        tuple[str | None, str]: The first that fits, or None and why.
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
            f'pixels, its image {width} x {height}'
        )
    return None, ', '.join(reasons)


def count_objects(mask: np.ndarray, connectivity: int = 8, min_area: int = 0) -> int:
    """Connected components of a mask.

    Args:
        mask (np.ndarray): Shape (H, W), uint8, 0 or 1.
        connectivity (int): 4, or 8 to join diagonal neighbours too.
            Defaults to 8.
        min_area (int): Components of fewer pixels don't count. Defaults
            to 0.

    Returns:
        int: How many objects the mask holds.

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
