"""Pictures inside the page, so that it is one file."""

import base64

import cv2
import numpy as np


def encode_jpeg(picture: np.ndarray) -> bytes:
    """A picture as the content of a JPEG file.

    Args:
        picture (np.ndarray): RGB, uint8, shape (H, W, 3).

    Returns:
        bytes: The content.
    """
    _, data = cv2.imencode('.jpg', picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 82])
    return data.tobytes()


def data_uri(content: bytes, kind: str) -> str:
    """Content of a picture as an address that holds it.

    Args:
        content (bytes): The content of a file.
        kind (str): ``'png'`` or ``'jpeg'``.

    Returns:
        str: The address.
    """
    return f'data:image/{kind};base64,{base64.b64encode(content).decode()}'
