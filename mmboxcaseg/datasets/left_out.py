"""Handling photos that are missing from a data set."""

import logging
import os.path as osp

import numpy as np
from mmengine.logging import print_log

from mmboxcaseg.annotations import BoxFile
from mmboxcaseg.annotations.instances import SKIPPED


def look_below(folder: str | None) -> str | None:
    """Return a folder of photos if it exists.

    Args:
        folder (str | None): Path of the folder.

    Returns:
        str | None: The path; None if there is no such folder on the disk.
    """
    return folder if folder and osp.isdir(folder) else None


def used_images(boxes: BoxFile, ann_file: str, folder: str) -> np.ndarray:
    """Find the images to train on, and warn about the others.

    Args:
        boxes (BoxFile): The boxes, read with the folder of their photos if it
            exists.
        ann_file (str): Path of the annotation file, for messages.
        folder (str): Path of the folder, for messages.

    Returns:
        np.ndarray: (I,) bool, False for images whose photo is missing or was
        skipped when masks were made.

    Raises:
        FileNotFoundError: If the photos of all images with boxes are missing.
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
    """Check that no image with boxes lacks its photo.

    Args:
        boxes (BoxFile): The boxes, read with the folder of their photos if it
            exists.
        ann_file (str): Path of the annotation file, for messages.
        folder (str): Path of the folder, for messages.

    Raises:
        FileNotFoundError: If a photo is missing.
    """
    if boxes.there is None:
        return
    gone = boxes.wanted[~boxes.there[boxes.wanted]]
    if len(gone):
        raise FileNotFoundError(
            f'{ann_file}: {len(gone)} of {len(boxes.wanted)} photos are not '
            f'in {folder}, the first is {boxes.file_names[gone[0]]!r}; set '
            'data_prefix=dict(img=...) of the dataset to their folder, or '
            'remove them from the file'
        )


def _warn(text: str) -> None:
    print_log(text, logger='current', level=logging.WARNING)
