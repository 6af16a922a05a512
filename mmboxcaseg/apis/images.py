"""Images as people give them: paths, contents of files, arrays."""

import os
from collections.abc import Sequence

import numpy as np

Path = str | os.PathLike
Image = Path | bytes | np.ndarray


def image_name(image: Image) -> str:
    """What to call an image in messages."""
    if isinstance(image, (str, os.PathLike)):
        return os.fspath(image)
    if isinstance(image, bytes):
        return f'an image given as {len(image)} bytes'
    return f'an image given as array of shape {image.shape}'


def as_bgr(image: np.ndarray, channel_order: str) -> np.ndarray:
    """An array of the user's as the loading transform would give it."""
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


def picture_names(images: Sequence[Image]) -> list[str]:
    """Names for the pictures of some images, without a suffix, all different.

    Args:
        images (Sequence): The images.

    Returns:
        list[str]: The name of the photo's file, or ``image_<number>`` where
        there is none; behind a name that has been given already stands the
        number as well. Numbers count from 0.
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
