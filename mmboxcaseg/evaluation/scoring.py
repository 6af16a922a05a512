"""Scoring of the masks of a file against the true masks of another."""

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from mmboxcaseg.annotations import BoxFile, MaskFile
from mmboxcaseg.masks import pixel_rects
from mmboxcaseg.text import listed

from .accumulator import InstanceIoUs, MaskScoreAccumulator
from .instance_iou import spearman

__all__ = ['MaskIoUs', 'mask_ious', 'spearman']


@dataclass(frozen=True, eq=False, kw_only=True)
class MaskIoUs(InstanceIoUs):
    """IoUs of the masks of two files, in the order of the true masks.

    Its other attributes are those of :class:`InstanceIoUs`.

    Attributes:
        places (np.ndarray): (N,) int64, places of the annotations in the file
            of the masks.
        truth_places (np.ndarray): (N,) int64, places of the annotations in
            the file of the true masks, ascending.
        unusable (int): Number of annotations that are not scored because
            their boxes cover nothing of their image.
        skipped (int): Number of further boxes that are not scored because
            they have no mask: they or their photo could not be used.
    """

    places: np.ndarray
    truth_places: np.ndarray
    unusable: int
    skipped: int


def mask_ious(
    masks: MaskFile,
    truth: MaskFile,
    boundary: bool = False,
    on_image: Callable[[int], None] = lambda instances: None,
) -> MaskIoUs:
    """Compute the IoU of each mask, and of its filled box, with its true mask.

    Masks are matched by the ids of their annotations. Crowds, boxes that
    cover nothing of their image, and those that were skipped when masks were
    made are not scored.

    Args:
        masks (MaskFile): File of the masks to score.
        truth (MaskFile): File of the true masks. Its boxes are those that are
            filled.
        boundary (bool): Whether Boundary IoUs are computed too. Defaults to
            False.
        on_image (Callable[[int], None]): Function that is called after each
            image of ``truth.boxes.wanted`` with the number of its instances.
            Defaults to one that does nothing.

    Returns:
        MaskIoUs: The IoUs. Labels are places of categories in ``truth``.

    Raises:
        ValueError: If an annotation is in one file only; its image, the
            image's size or its category differ; it has no mask or one of
            another size; or there is nothing to score.
    """
    partners = _pair(masks.boxes, truth.boxes)
    boxes = truth.boxes
    if not len(boxes.wanted):
        raise ValueError(
            f'{boxes.path}: no annotation to score; give a file of true masks'
        )
    accumulator = MaskScoreAccumulator(boundary)
    of_images, skipped = [], 0
    for image in boxes.wanted.tolist():
        places = boxes.usable_places(image)
        gone = masks.skipped[partners[places]]
        places, skipped = places[~gone], skipped + int(gone.sum())
        others = partners[places]
        accumulator.update(
            rles=[masks.rle(place) for place in others.tolist()],
            rects=pixel_rects(boxes.boxes[places], *boxes.sizes[image]),
            true_rles=[truth.rle(place) for place in places.tolist()],
            labels=boxes.category_index[places],
            **{name: column[others] for name, column in masks.scores.items()},
            rejected=masks.rejected[others],
        )
        of_images.append(places)
        on_image(len(places))
    truth_places = np.concatenate(of_images)
    if not len(truth_places):
        raise ValueError(
            f'{masks.boxes.path}: all {skipped} boxes were skipped when masks were '
            'made, so there is no mask to score; make them where the photos are'
        )
    order = np.argsort(truth_places)
    ious = accumulator.ious().take(order)
    return MaskIoUs(
        **{one.name: getattr(ious, one.name) for one in fields(InstanceIoUs)},
        places=partners[truth_places[order]],
        truth_places=truth_places[order],
        unusable=len(boxes.why_not),
        skipped=skipped,
    )


def _pair(masks: BoxFile, truth: BoxFile) -> np.ndarray:
    """Match annotations by their ids.

    Returns:
        np.ndarray: (N,) int64, place in ``masks`` of each annotation of
        ``truth``; -1 for crowds.
    """
    ours, theirs = (
        {boxes.box_ids[place]: place for place in np.flatnonzero(~boxes.crowd).tolist()}
        for boxes in (masks, truth)
    )
    for here, there, name, other in (
        (ours, theirs, masks.path, truth.path),
        (theirs, ours, truth.path, masks.path),
    ):
        alone = [key for key in here if key not in there]
        if alone:
            raise ValueError(
                f'{len(alone)} of {len(here)} annotations of {name} are not '
                f'in {other}: {listed(alone)}; '
                'give two files of the same annotations, with the same ids '
                '(tools/dataset_converters/coco_subset.py cuts one to the '
                'images of the other)'
            )
    partners = np.full(len(truth), -1)
    for key, place in ours.items():
        partners[theirs[key]] = place
        for field, one, another in zip(
            ('image_id', 'category_id', '(height, width) of the image'),
            _owner(masks, place),
            _owner(truth, theirs[key]),
        ):
            if one != another:
                raise ValueError(
                    f'annotation {key}: "{field}" is {one!r} in '
                    f'{masks.path}, but {another!r} in {truth.path}'
                )
    return partners


def _owner(boxes: BoxFile, place: int) -> tuple:
    """Ids of an annotation's image and category, and size of the image."""
    image = boxes.image_index[place]
    return (
        boxes.image_ids[image],
        boxes.category_ids[boxes.category_index[place]],
        tuple(boxes.sizes[image].tolist()),
    )
