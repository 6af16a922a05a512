"""Fitting the expected IoU of masks to some whose true masks are known."""

import logging
import os
import os.path as osp
from dataclasses import dataclass

import numpy as np

from mmboxcaseg.annotations import (
    BoxFile,
    MaskFile,
    conditions,
    mask_traits,
    read_coco,
    read_proxy_masks,
)
from mmboxcaseg.annotations.given import given_places
from mmboxcaseg.masks import rle_iou
from mmboxcaseg.masks.calibration import Calibration, fit_calibration
from mmboxcaseg.proxy_masks import write_json

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pairs:
    """M predicted masks with their true masks.

    Attributes:
        places (np.ndarray): Places of the predicted masks in their file, (M,)
            int64.
        truth_places (np.ndarray): Places of the true masks in their file,
            (M,) int64.
        ious (np.ndarray): IoU of each pair, (M,) float64 in [0, 1].
    """

    places: np.ndarray
    truth_places: np.ndarray
    ious: np.ndarray


def calibrate(masks: str, truth: str, out: str) -> Calibration:
    """Fit a calibration of the expected IoU for ``boxcaseg masks``.

    About a hundred true masks suffice. Masks are matched by annotation id.
    Only masks that are in both files are used, and no kept ones.

    Args:
        masks (str): Path of a file that :func:`make_proxy_masks` has written.
        truth (str): Path of a COCO json with true masks of some of these
            annotations, such as corrected ones. A mask with
            ``proxy_agreement`` counts as predicted, not as true, unless it
            was kept.
        out (str): Path of the json to write.

    Returns:
        Calibration: The fitted calibration.

    Raises:
        OSError: If a file can't be read or written.
        ValueError: If the files don't match, the masks have no confidence,
            fewer than 30 can be used, or ``out`` is one of the inputs.
    """
    for path in (masks, truth):
        if osp.exists(out) and osp.samefile(path, out):
            raise ValueError(f'{out} is one of the inputs; give another path')
    file = read_proxy_masks(masks)
    if file.confidence is None:
        raise ValueError(
            f'{masks}: its masks have no "proxy_confidence"; '
            'make them again with boxcaseg masks'
        )
    truths = read_coco(truth, with_masks=True)
    pairs = true_pairs(file, truths)
    _check_ids(file.boxes, truths)
    try:
        found = fit_calibration(
            mask_traits(file, pairs.places),
            pairs.ious,
            file.boxes.image_index[pairs.places],
            conditions(file.made),
        )
    except ValueError as error:
        raise ValueError(f'{masks} and {truth}: {error}') from error
    os.makedirs(osp.dirname(osp.abspath(out)), exist_ok=True)
    write_json(out, found.to_json())
    return found


def true_pairs(masks: MaskFile, truth: BoxFile) -> Pairs:
    """Match predicted masks with true masks by annotation id.

    Args:
        masks (MaskFile): Proxy masks.
        truth (BoxFile): Annotations with true masks, read with their masks.

    Returns:
        Pairs: The pairs and their IoU, in the order of the truth.

    Raises:
        ValueError: If the images of two matching annotations differ in size,
            or a true mask is broken.
    """
    boxes = masks.boxes
    ours = {
        boxes.box_ids[place]: place
        for place in np.flatnonzero(boxes.usable & ~masks.kept).tolist()
    }
    given = given_places(truth)
    _tell_predicted(truth, given)
    pairs = [
        (ours[truth.box_ids[place]], place)
        for place in np.flatnonzero(given).tolist()
        if truth.box_ids[place] in ours
    ]
    # Only some may have scores, which read_masks would refuse.
    true_masks = MaskFile(boxes=truth, agreement=None, confidence=None, made={})
    ious = []
    for place, other in pairs:
        if masks.size(place) != true_masks.size(other):
            raise ValueError(
                f'annotation {boxes.box_ids[place]!r}: the (height, width) of '
                f'its image is {masks.size(place)} in {boxes.path}, but '
                f'{true_masks.size(other)} in {truth.path}; give two files '
                'with the same annotations'
            )
        ious.append(rle_iou(masks.rle(place), true_masks.rle(other)))
    places, others = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return Pairs(places, others, np.array(ious, dtype=np.float64))


def _check_ids(masks: BoxFile, truth: BoxFile) -> None:
    """Raise ValueError if no annotation is in both files."""
    ours, theirs = (
        [boxes.box_ids[place] for place in np.flatnonzero(~boxes.crowd).tolist()]
        for boxes in (masks, truth)
    )
    if ours and theirs and not set(ours) & set(theirs):
        raise ValueError(
            f'no annotation of {masks.path} (ids {_some(ours)}) is in {truth.path} '
            f'(ids {_some(theirs)}); masks are matched by annotation id, so give '
            'true masks of the same annotations'
        )


def _some(ids: list) -> str:
    """The first ids of a list, as text."""
    return ', '.join(map(repr, ids[:3])) + (', ...' if len(ids) > 3 else '')


def _tell_predicted(truth: BoxFile, given: np.ndarray) -> None:
    """Warn about masks that are not used because they were predicted."""
    count = sum(
        'proxy_agreement' in truth.annotation(place)
        for place in np.flatnonzero(~given & ~truth.crowd).tolist()
    )
    if count:
        _log.warning(
            '%s: %d of its masks have "proxy_agreement", so they count as '
            'predicted and are not used as true masks; if they were '
            'corrected, remove that key',
            truth.path,
            count,
        )
