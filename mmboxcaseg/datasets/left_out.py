"""Photos that a data set has to do without."""

import logging
import os.path as osp

import numpy as np
from mmengine.logging import print_log

from mmboxcaseg.annotations import BoxFile
from mmboxcaseg.annotations.instances import SKIPPED


def look_below(folder: str | None) -> str | None:
    """The folder to look for photos in; None if it can't be looked into."""
    return folder if folder and osp.isdir(folder) else None


def used_images(boxes: BoxFile, ann_file: str, folder: str) -> np.ndarray:
    """Which images are trained on; a line counts the others.

    Args:
        boxes (BoxFile): The boxes, read with the folder of their photos if
            that can be looked into.
        ann_file (str): What to call their file.
        folder (str): The folder.

    Returns:
        np.ndarray: (I,) bool, False where no mask was made of the image, since
        its photo can't be used, or the photo is not there.

    Raises:
        FileNotFoundError: If no photo of an image with boxes is there.
    """
    made = np.array(
        [SKIPPED not in image for image in boxes.content['images']], dtype=bool
    )
    if not made.all():
        _warn(
            f'{ann_file}: {int((~made).sum())} images that were skipped '
            'when masks were made are not trained on'
        )
    if boxes.there is None:
        return made
    wanted = np.zeros_like(made)
    wanted[boxes.wanted] = True
    gone = np.flatnonzero(wanted & made & ~boxes.there)
    if len(gone):
        text = (
            f'{ann_file}: {len(gone)} of {int((wanted & made).sum())} '
            f'photos are not in {folder}, the first is '
            f'{boxes.file_names[gone[0]]!r}'
        )
        if not (wanted & made & boxes.there).any():
            raise FileNotFoundError(
                f'{text}; set data_prefix=dict(img=...) of the dataset to their folder'
            )
        _warn(f'{text}; they are not trained on')
    return made & boxes.there


def check_all_there(boxes: BoxFile, ann_file: str, folder: str) -> None:
    """Raise FileNotFoundError unless all images with boxes have a photo.

    Args:
        boxes (BoxFile): See :func:`used_images`.
        ann_file (str): As there.
        folder (str): As there.
    """
    if boxes.there is None:
        return
    gone = boxes.wanted[~boxes.there[boxes.wanted]]
    if len(gone):
        raise FileNotFoundError(
            f'{ann_file}: {len(gone)} of {len(boxes.wanted)} photos are not '
            f'in {folder}, the first is {boxes.file_names[gone[0]]!r}; set '
            'data_prefix=dict(img=...) of the dataset to their folder, or '
            'take them out of the file'
        )


def _warn(text: str) -> None:
    print_log(text, logger='current', level=logging.WARNING)
