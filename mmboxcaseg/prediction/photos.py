"""Reading photos for the prediction, and why a photo can't be used."""

import os.path as osp
from dataclasses import dataclass

import cv2
import numpy as np

from mmboxcaseg.annotations import BadInputError
from mmboxcaseg.decoding import decode_eight_bits


@dataclass(frozen=True, eq=False)
class Photo:
    """A photo that was read from its file.

    Attributes:
        image (np.ndarray): The photo, upright, BGR, uint8, shape (H, W, 3).
        used_bits (int | None): Number of bits that a 16-bit photo uses, if
            they are so few that the photo is nearly black in eight bits;
            None otherwise.
    """

    image: np.ndarray
    used_bits: int | None = None


def read_photo(path: str, height: int, width: int, stretch_16bit: bool) -> Photo:
    """Read a photo and check its size.

    Args:
        path (str): Path of the file.
        height (int): Height in the annotation file, in pixels.
        width (int): Width in the annotation file, in pixels.
        stretch_16bit (bool): Whether a 16-bit photo is converted by the bits
            that it uses, see
            :func:`~mmboxcaseg.decoding.decode_eight_bits`.

    Returns:
        Photo: The photo.

    Raises:
        BadInputError: If the photo can't be used. The message is the reason,
            without the folder of the photo.
    """
    try:
        with open(path, 'rb') as file:
            content = file.read()
        image, bits = decode_eight_bits(content, stretch_16bit)
    except (OSError, cv2.error) as error:
        raise BadInputError(why_unusable(error, path)) from error
    if image is None:
        raise BadInputError(why_unusable(None, path))
    try:
        check_size(image, height, width)
    except BadInputError as error:
        raise BadInputError(why_unusable(error, path)) from error
    return Photo(image, bits)


def check_size(
    image: np.ndarray, height: int, width: int, name: str | None = None
) -> None:
    """Check that a photo has the size that the annotation file says.

    Args:
        image (np.ndarray): The photo, upright, shape (H, W, 3).
        height (int): Height in the annotation file, in pixels.
        width (int): Width in the annotation file, in pixels.
        name (str, optional): Name of the photo, which begins the message.
            Defaults to None.

    Raises:
        BadInputError: If the sizes differ.
    """
    if image.shape[:2] != (height, width):
        start = f'{name}: ' if name else ''
        raise BadInputError(
            f'{start}the photo is {image.shape[1]} x {image.shape[0]} '
            f'pixels, its annotation says {width} x {height}; '
            'correct the annotation file'
        )


def why_unusable(error: Exception | None, path: str) -> str:
    """Say why a photo can't be used, without naming its folder.

    Args:
        error (Exception | None): Error that was raised when it was read; None
            if it could not be decoded.
        path (str): Path of the file.

    Returns:
        str: The reason.
    """
    if isinstance(error, BadInputError):
        return str(error).replace(path, osp.basename(path))
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if osp.getsize(path) == 0:
        return 'the file is empty'
    return (
        'no image of a format that OpenCV reads, or cut short, or of more '
        'than 2**30 pixels'
    )
