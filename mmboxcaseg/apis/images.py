"""Images as users give them: paths, contents of files, or arrays."""

import os
from collections.abc import Callable, Sequence

import numpy as np

Path = str | os.PathLike
Image = Path | bytes | np.ndarray


def image_name(image: Image) -> str:
    """Name an image for messages.

    Args:
        image (str | Path | bytes | np.ndarray): The image.

    Returns:
        str: Its path, or a description of the bytes or the array.

    Example:
        >>> image_name(b'1234')
        'an image given as 4 bytes'
    """
    if isinstance(image, (str, os.PathLike)):
        return os.fspath(image)
    if isinstance(image, bytes):
        return f'an image given as {len(image)} bytes'
    return f'an image given as array of shape {image.shape}'


def as_bgr(image: np.ndarray, channel_order: str) -> np.ndarray:
    """Convert an array to BGR, as the first transform of the pipeline does.

    Args:
        image (np.ndarray): Image, (H, W, 3) or, in grey, (H, W), uint8.
        channel_order (str): Channel order of the array, ``'rgb'`` or
            ``'bgr'``.

    Returns:
        np.ndarray: The image in BGR, (H, W, 3) uint8, contiguous.

    Raises:
        ValueError: If the array has another type or shape, or the channel
            order is neither of the two.
    """
    if channel_order not in ('rgb', 'bgr'):
        raise ValueError(f"channel_order must be 'rgb' or 'bgr', not {channel_order!r}")
    if (
        image.dtype != np.uint8
        or image.ndim not in (2, 3)
        or (image.ndim == 3 and image.shape[2] != 3)
        or not image.size
    ):
        raise ValueError(
            'an image given as an array must be uint8 of shape (H, W, 3) or '
            f'(H, W), not {image.dtype} of shape {image.shape}'
        )
    if image.ndim == 2:
        return np.repeat(image[..., None], 3, axis=2)
    return np.ascontiguousarray(image[..., ::-1] if channel_order == 'rgb' else image)


def load_image(
    image: Image, channel_order: str, decode: Callable[[bytes], np.ndarray | None]
) -> np.ndarray:
    """Load an image as the first step of the pipeline does.

    Args:
        image (str | Path | bytes | np.ndarray): Path of a file, content of a
            file, or an array, see :func:`as_bgr`.
        channel_order (str): Channel order of an array, ``'rgb'`` or
            ``'bgr'``.
        decode (Callable[[bytes], np.ndarray | None]): Function that decodes
            the content of a file to BGR; None if it can't.

    Returns:
        np.ndarray: BGR, uint8, shape (H, W, 3).

    Raises:
        FileNotFoundError: If there is no such file.
        TypeError: If the image has none of these types.
        ValueError: If the image can't be decoded, or the array has another
            dtype or shape.
    """
    if isinstance(image, np.ndarray):
        return as_bgr(image, channel_order)
    if isinstance(image, bytes):
        content = image
    elif isinstance(image, (str, os.PathLike)):
        if not os.path.isfile(image):
            raise FileNotFoundError(f'no image {os.fspath(image)}')
        with open(image, 'rb') as file:
            content = file.read()
    else:
        raise TypeError(
            'an image must be a path, bytes or a NumPy array, '
            f'not {type(image).__name__}'
        )
    array = decode(content)
    if array is None or not len(array):
        raise ValueError(f"{image_name(image)} can't be decoded as an image")
    return array


def picture_names(images: Sequence[Image]) -> list[str]:
    """Make unique names for the pictures of images.

    Args:
        images (Sequence[str | Path | bytes | np.ndarray]): The images.

    Returns:
        list[str]: A name without suffix for each image: that of its file, or
        ``image_<number>`` if it is no file. A name that occurs again gets
        ``_<number>`` at its end. Numbers count the images from 0.

    Example:
        >>> picture_names(['a/x.jpg', 'b/x.jpg', b'1234'])
        ['x', 'x_1', 'image_2']
    """
    names: list[str] = []
    for number, image in enumerate(images):
        name = f'image_{number}'
        if isinstance(image, (str, os.PathLike)):
            name = os.path.splitext(os.path.basename(os.fspath(image)))[0]
        while name in names:
            name = f'{name}_{number}'
        names.append(name)
    return names
