"""Choosing the boxes of a training, and writing them to its folder."""

import logging
import os
import os.path as osp
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmboxcaseg.annotations import KEPT, SOURCE, BoxFile
from mmboxcaseg.annotations.instances import SKIPPED
from mmboxcaseg.annotations.output import write_json
from mmboxcaseg.masks import usable_boxes
from mmboxcaseg.text import listed

from .split import keep_aside

_log = logging.getLogger(__name__)

# With fewer than LEAST boxes there is an error, with fewer than FEW a warning.
LEAST, FEW = 20, 200


@dataclass(frozen=True, eq=False)
class TrainingBoxes:
    """Boxes to train on, and boxes of photos that are kept aside.

    Attributes:
        boxes (BoxFile): N boxes of I images, read with their masks.
        used (np.ndarray): (N,) bool, True for boxes that can be used: no
            crowd, overlaps its image, and the photo exists.
        aside (np.ndarray): (I,) bool, True for photos that are kept aside.
        given (np.ndarray): (N,) bool, True for boxes with a given mask.
        taught (np.ndarray): (N,) bool, True for boxes whose mask is trained
            on.
    """

    boxes: BoxFile
    used: np.ndarray
    aside: np.ndarray
    given: np.ndarray
    taught: np.ndarray

    @property
    def training(self) -> np.ndarray:
        """(N,) bool, True for boxes to train on."""
        return self.used & ~self.aside[self.boxes.image_index]

    @property
    def scored(self) -> np.ndarray:
        """(N,) bool, True for usable boxes of photos that are kept aside."""
        return self.used & self.aside[self.boxes.image_index]

    @property
    def repeats(self) -> int:
        """Repetitions, 1 to 10, that make boxes with masks about a sixth of all."""
        taught = int((self.training & self.taught).sum())
        return repeats(taught, int(self.training.sum()) - taught)

    def summary(self) -> str:
        """Summarize the numbers of boxes and photos in a line of text."""
        boxes, training, scored = self.boxes, self.training, self.scored
        photos = len(np.unique(boxes.image_index[training]))
        masks = int((training & self.taught).sum())
        text = f'{int(training.sum())} boxes of {photos} photos to train on'
        if masks:
            text += f', {masks} of them with masks'
        text += f'; {int(scored.sum())} of {int(self.aside.sum())} photos kept aside'
        known = int((scored & self.given).sum())
        return f'{text}, {known} of them with true masks' if known else text


def repeats(taught: int, others: int) -> int:
    """Find how often boxes with masks are seen for each time others are.

    Args:
        taught (int): Number of boxes whose mask is trained on.
        others (int): Number of other boxes.

    Returns:
        int: Repetitions, 1 to 10, that make boxes with masks about a sixth of
        all, or more.
    """
    return min(max(round(others / (5 * max(taught, 1))), 1), 10)


def training_boxes(boxes: BoxFile, keep_masks: bool) -> TrainingBoxes:
    """Choose the boxes to train on and the photos to keep aside.

    Args:
        boxes (BoxFile): Boxes that were read with the folder of their photos,
            and with given masks kept, see
            :func:`~mmboxcaseg.annotations.given.keep_given_masks`.
        keep_masks (bool): Whether to train on all given masks, instead of
            only those that are marked as kept.

    Returns:
        TrainingBoxes: The boxes.

    Raises:
        FileNotFoundError: If all photos are missing.
        ValueError: If fewer than 20 boxes can be used, or all are in one
            photo.
    """
    given = np.zeros(len(boxes), dtype=bool)
    given[list(boxes.kept)] = True
    covers = ~boxes.crowd & usable_boxes(boxes.boxes, *boxes.sizes[boxes.image_index].T)
    there = np.ones(len(boxes.image_ids), bool) if boxes.there is None else boxes.there
    used = covers & there[boxes.image_index]
    _tell_left_out(boxes, covers, used)
    count = int(used.sum())
    if count < LEAST:
        raise ValueError(
            f'{boxes.path}: only {count} boxes can be used, but training needs at '
            f'least {LEAST}; add boxes, or make masks with the model as it is: '
            'boxcaseg masks'
        )
    if count < FEW:
        _log.warning(
            '%s: %d boxes are few; training is likely to help from %d on',
            boxes.path,
            count,
            FEW,
        )
    counts = np.bincount(boxes.image_index[used], minlength=len(boxes.image_ids))
    try:
        aside = keep_aside(boxes.file_names, counts)
    except ValueError as error:
        raise ValueError(f'{boxes.path}: {error}') from error
    marked = np.array(
        [boxes.annotation(place).get(SOURCE) == KEPT for place in range(len(boxes))],
        dtype=bool,
    )
    taught = given & (marked | keep_masks)
    return TrainingBoxes(boxes, used, aside, given, taught)


def _tell_left_out(boxes: BoxFile, covers: np.ndarray, used: np.ndarray) -> None:
    """Warn about skipped boxes; raise FileNotFoundError if no photo exists."""
    gone = np.unique(boxes.image_index[covers & ~used])
    if len(gone):
        names = listed([boxes.file_names[one] for one in gone.tolist()])
        text = f'{boxes.path}: {len(gone)} photos are missing: {names}'
        if not used.any():
            raise FileNotFoundError(f'{text}; give the folder that they are in')
        _log.warning('%s; they are skipped', text)
    if boxes.left_out:
        first = boxes.left_out[0]
        _log.warning(
            '%s: %d annotation files have no image, such as %s: %s; they are skipped',
            boxes.path,
            len(boxes.left_out),
            first.file,
            first.reason,
        )
    if boxes.why_not:
        place, reason = next(iter(boxes.why_not.items()))
        _log.warning(
            '%s: %d boxes cover nothing of their image, such as annotation %s: '
            '%s; they are skipped',
            boxes.path,
            len(boxes.why_not),
            boxes.box_ids[place],
            reason,
        )


def write_training_boxes(boxes: TrainingBoxes, folder: str) -> None:
    """Write the COCO jsons of a training: ``train.json``, ``kept_aside.json``.

    The first has the masks to train on. The second has all given masks, to
    score against.

    Args:
        boxes (TrainingBoxes): The boxes.
        folder (str): Folder to write to, which must exist.

    Raises:
        OSError: If a file can't be written.
    """
    for name, chosen, masks in (
        ('train.json', boxes.training, boxes.taught),
        ('kept_aside.json', boxes.scored, boxes.given),
    ):
        write_json(osp.join(folder, name), part_of(boxes.boxes, chosen, masks))


def part_of(boxes: BoxFile, chosen: np.ndarray, masks: np.ndarray) -> dict[str, Any]:
    """Make a COCO json of some boxes and the images that they are in.

    Args:
        boxes (BoxFile): N boxes, read with their masks.
        chosen (np.ndarray): (N,) bool, True for boxes to include.
        masks (np.ndarray): (N,) bool, True for boxes whose mask is included.

    Returns:
        dict: Content of the COCO json. It does not say what an earlier run of
        ``boxcaseg masks`` has skipped, since photos may exist by now.
    """
    images = np.zeros(len(boxes.image_ids), dtype=bool)
    images[boxes.image_index[chosen]] = True
    annotations = []
    for place in np.flatnonzero(chosen).tolist():
        ann = dict(boxes.annotation(place))
        ann.pop(SKIPPED, None)
        if not masks[place]:
            ann.pop('segmentation', None)
        annotations.append(ann)
    chosen_images = [
        dict(boxes.content['images'][one]) for one in np.flatnonzero(images)
    ]
    for image in chosen_images:
        image.pop(SKIPPED, None)
    return dict(
        images=chosen_images,
        annotations=annotations,
        categories=boxes.content['categories'],
    )


def salient_folders(folder: str) -> tuple[str, str]:
    """Find the folders of images and of masks of a salient data set.

    Args:
        folder (str): Path of the data set. It must have two folders, of which
            one is named after masks, such as ``DUTS-TR-Image`` and
            ``DUTS-TR-Mask``.

    Returns:
        tuple[str, str]: Absolute paths of the folder of images and of the
        folder of masks.

    Raises:
        OSError: If the folder can't be read.
        ValueError: If it does not have two such folders.
    """
    below = sorted(
        one
        for one in os.listdir(folder)
        if osp.isdir(osp.join(folder, one)) and one[0] != '.'
    )
    masks = [one for one in below if re.search(r'mask|gt|ground', one, re.I)]
    images = [one for one in below if one not in masks]
    if len(images) != 1 or len(masks) != 1:
        raise ValueError(
            f'--salient: {folder} has the folders {below}; give one that has '
            'two, images and masks of the same names, such as DUTS-TR-Image and '
            'DUTS-TR-Mask'
        )
    return osp.abspath(osp.join(folder, images[0])), osp.abspath(
        osp.join(folder, masks[0])
    )
