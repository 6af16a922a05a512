"""Labels and areas of annotations, for training and scoring detectors."""

import unicodedata
from collections.abc import Sequence

import numpy as np

from mmboxcaseg.masks import rle_area, to_rle

from .box_file import BoxFile

# Key of images and annotations that says why no proxy mask was made.
SKIPPED = 'proxy_skipped'


def class_labels(boxes: BoxFile, classes: Sequence[str]) -> np.ndarray:
    """Assign a label to each category: the index of its name in the classes.

    If two categories share a name, one without annotations gets no label,
    since some exporters add a root category with the name of a class.

    Args:
        boxes (BoxFile): Boxes of C categories.
        classes (Sequence[str]): Names of the classes, in the order of their
            labels.

    Returns:
        np.ndarray: Labels of the categories, (C,) int64; -1 for those that
        are no class.

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
            f'{boxes.path}: "categories" has {list(names)}, but none of the '
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
    """Normalize a class name for comparison.

    Args:
        name (object): The name.

    Returns:
        str: The name in Unicode's form NFC, in which each accented letter is
        written in one way only.

    Example:
        >>> same_name('cafe\\u0301') == same_name('caf\\u00e9')
        True
    """
    return unicodedata.normalize('NFC', str(name))


def check_classes(classes: Sequence[str]) -> None:
    """Check the class names of a config.

    Args:
        classes (Sequence[str]): Names of the classes.

    Raises:
        ValueError: If ``classes`` is a string instead of a list, or a name
            occurs twice.
    """
    if isinstance(classes, str):
        raise ValueError(
            f'classes={classes!r} is a string, but must be a list of names; '
            f'for one class write classes=({classes!r}, ), with the comma'
        )
    names = list(classes)
    twice = sorted({str(name) for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f'classes={tuple(names)} has {twice} more than once')


def annotation_areas(boxes: BoxFile) -> np.ndarray:
    """Get the area of each annotation.

    Args:
        boxes (BoxFile): Boxes of N annotations, read with their masks.

    Returns:
        np.ndarray: Areas in pixels, (N,) float64: ``area`` of the annotation
        if there is one, else the area of its mask, else that of its box.
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
