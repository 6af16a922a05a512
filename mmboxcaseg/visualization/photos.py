"""Reading photos for drawing."""
import cv2
import numpy as np


def read_photo(path: str) -> np.ndarray:
    """Read a photo as the data sets do, but RGB.

    Args:
        path (str): Path of the file.

    Returns:
        np.ndarray: RGB, uint8, shape (H, W, 3), turned as its EXIF
        orientation says.

    Raises:
        OSError: If it can't be read.
        ValueError: If it can't be decoded.
    """
    content = np.fromfile(path, np.uint8)
    try:
        # OpenCV raises an error of its own for an empty file or a photo with
        # too many pixels.
        photo = cv2.imdecode(content, cv2.IMREAD_COLOR)
    except cv2.error:
        photo = None
    if photo is None:
        raise ValueError(f"{path} can't be decoded as an image")
    return np.ascontiguousarray(photo[..., ::-1])
