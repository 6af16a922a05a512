"""What training and scoring of detectors take from a file of boxes.

Labels of classes by their names, whatever the order of the file, and areas
where it has none.
"""

import unicodedata
from collections.abc import Sequence

import numpy as np

from mmboxcaseg.masks import rle_area, to_rle

from .box_file import BoxFile

# Key of images and annotations: why no proxy mask was made.
SKIPPED = 'proxy_skipped'


def class_labels(boxes: BoxFile, classes: Sequence[str]) -> np.ndarray:
    """The label of each category: the place of its name among the classes.

    A category that has no annotation and shares its name with another is
    left out, since exporters add a root category of the name of a class.

    Args:
        boxes (BoxFile): Boxes with C categories.
        classes (Sequence[str]): Names of the classes; a label is a place
            among them.

    Returns:
        np.ndarray: (C,) int64, the labels, -1 for what is no class.

    Raises:
        ValueError: If there are categories and none is a class, or if two
            categories with annotations share the name of a class.
    """
    names = boxes.category_names
    place = {same_name(name): label for label, name in enumerate(classes)}
    labels = np.array(
        [place.get(same_name(name), -1) for name in names], dtype=np.int64
    )
    if not (labels >= 0).any():
        raise ValueError(
            f'{boxes.path}: "categories" has {list(names)}, and none of the '
            f'classes {list(classes)}; set metainfo=dict(classes=...) of the '
            'dataset to the names in the file'
        )
    counts = np.bincount(boxes.category_index, minlength=len(names))
    for label in np.flatnonzero(
        np.bincount(labels[labels >= 0], minlength=len(place)) > 1
    ):
        same = np.flatnonzero(labels == label)
        used = same[counts[same] > 0]
        if len(used) > 1:
            ids = [boxes.category_ids[one] for one in used]
            raise ValueError(
                f'{boxes.path}: the categories {ids} are all called '
                f'{names[used[0]]!r}, and all have annotations; give them '
                'one id, or names of their own'
            )
        kept = used[0] if len(used) else same[0]
        labels[same[same != kept]] = -1
    return labels


def same_name(name: object) -> str:
    """A name as it is compared: accents may be written in two ways."""
    return unicodedata.normalize('NFC', str(name))


def check_classes(classes: Sequence[str]) -> None:
    """Check the names of classes that a config gives.

    Args:
        classes (Sequence[str]): The names.

    Raises:
        ValueError: If it is a text and no list of texts, or a name is there
            twice.
    """
    if isinstance(classes, str):
        raise ValueError(
            f'classes={classes!r} is a text, where a list of names is '
            f'needed; for one class write classes=({classes!r}, ), with the '
            'comma'
        )
    names = list(classes)
    twice = sorted({str(name) for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f'classes={tuple(names)} has {twice} more than once')


def annotation_areas(boxes: BoxFile) -> np.ndarray:
    """The areas of N annotations, filled in where the file has none.

    Args:
        boxes (BoxFile): The boxes, read with masks.

    Returns:
        np.ndarray: (N,) float64, ``area`` of each annotation, else the area
        of its mask, else that of its box, in pixels.
    """
    given = [ann.get('area') for ann in boxes.content['annotations']]
    areas = np.array(
        [area if isinstance(area, (int, float)) else np.nan for area in given],
        dtype=np.float64,
    )
    for place in np.flatnonzero(np.isnan(areas)).tolist():
        mask = boxes.annotation(place).get('segmentation')
        if mask:
            size = boxes.sizes[boxes.image_index[place]].tolist()
            areas[place] = rle_area(to_rle(mask, *size))
        else:
            areas[place] = boxes.xywh[place, 2:].prod()
    return areas
