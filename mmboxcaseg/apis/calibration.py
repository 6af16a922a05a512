"""What IoU to expect of masks, learnt from some whose true ones are known."""

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
    """Masks of a file, and their true ones in another.

    Attributes:
        places (np.ndarray): (M,) int64, places of the masks in their file.
        truth_places (np.ndarray): (M,) int64, those of the true masks.
        ious (np.ndarray): (M,) float64 in [0, 1].
    """

    places: np.ndarray
    truth_places: np.ndarray
    ious: np.ndarray


def calibrate(masks: str, truth: str, out: str) -> Calibration:
    """Fit the expected IoU of masks, and write it for ``boxcaseg masks``.

    About a hundred true masks do. Masks belong together by annotation id.
    Only those that are in both files are used, and none that was kept.

    Args:
        masks (str): A file of :func:`make_proxy_masks`.
        truth (str): COCO json with true masks of some of its annotations,
            such as corrected ones. A mask that has ``proxy_agreement`` was
            predicted and is no true one, unless it was kept.
        out (str): Json to write.

    Returns:
        Calibration: What was fitted.

    Raises:
        OSError: If a file is not there or can't be written.
        ValueError: If the files don't belong together, the masks have no
            confidence, fewer than 30 can be used, or the output would replace
            an input.
    """
    for path in (masks, truth):
        if osp.exists(out) and osp.samefile(path, out):
            raise ValueError(f'{out} is an input; give another name')
    file = read_proxy_masks(masks)
    if file.confidence is None:
        raise ValueError(
            f'{masks}: its masks have no "proxy_confidence"; '
            'make them anew with boxcaseg masks'
        )
    pairs = true_pairs(file, read_coco(truth, with_masks=True))
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
    """Predicted masks whose true ones are known, and their IoU.

    Args:
        masks (MaskFile): Proxy masks.
        truth (BoxFile): True masks of some of them, read with their masks.

    Returns:
        Pairs: Those that belong together, in the order of the truth.

    Raises:
        ValueError: If two of the same id differ in their images' size.
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
    # Only some of them may have scores, which reading proxy masks refuses.
    true_masks = MaskFile(boxes=truth, agreement=None, confidence=None, made={})
    ious = []
    for place, other in pairs:
        if masks.size(place) != true_masks.size(other):
            raise ValueError(
                f'annotation {boxes.box_ids[place]!r}: (height, width) of its '
                f'image is {masks.size(place)} in {boxes.path}, but '
                f'{true_masks.size(other)} in {truth.path}; give two files of '
                'the same annotations'
            )
        ious.append(rle_iou(masks.rle(place), true_masks.rle(other)))
    places, others = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return Pairs(places, others, np.array(ious, dtype=np.float64))


def _tell_predicted(truth: BoxFile, given: np.ndarray) -> None:
    """Tell of masks that are not taken for true ones."""
    count = sum(
        'proxy_agreement' in truth.annotation(place)
        for place in np.flatnonzero(~given & ~truth.crowd).tolist()
    )
    if count:
        _log.warning(
            '%s: %d of its masks have "proxy_agreement", so they were '
            'predicted and are not taken for true ones; where they were '
            'corrected, remove that key',
            truth.path,
            count,
        )
