"""Embedding of pictures, so that the page is a single file."""

import base64

import cv2
import numpy as np


def encode_jpeg(picture: np.ndarray) -> bytes:
    """Encode a picture as JPEG.

    Args:
        picture (np.ndarray): The picture, RGB, uint8, shape (H, W, 3).

    Returns:
        bytes: Content of a JPEG file.
    """
    _, data = cv2.imencode('.jpg', picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 82])
    return data.tobytes()


def data_uri(content: bytes, kind: str) -> str:
    """Make the data URI of a picture.

    Args:
        content (bytes): Content of the picture's file.
        kind (str): Format of the file, ``'png'`` or ``'jpeg'``.

    Returns:
        str: The data URI.

    Example:
        >>> data_uri(b'abc', 'png')
        'data:image/png;base64,YWJj'
    """
    return f'data:image/{kind};base64,{base64.b64encode(content).decode()}'
