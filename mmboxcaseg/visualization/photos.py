"""Reading photos for drawing."""

import cv2
import numpy as np

from mmboxcaseg.decoding import decode_photo


def read_photo(path: str) -> np.ndarray:
    """Read a photo as the data sets do, but as RGB.

    Args:
        path (str): Path of the file.

    Returns:
        np.ndarray: The photo, upright, RGB, uint8, shape (H, W, 3).

    Raises:
        OSError: If the file can't be read.
        ValueError: If it can't be decoded.
    """
    with open(path, 'rb') as file:
        content = file.read()
    try:
        # OpenCV raises its own error for a photo with too many pixels.
        photo = decode_photo(content)
    except cv2.error:
        photo = None
    if photo is None:
        raise ValueError(f"{path} can't be decoded as an image")
    return np.ascontiguousarray(photo[..., ::-1])
