"""Annotations and images as they stand in a file of proxy masks."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mmboxcaseg.annotations import (
    EXPECTED_IOU,
    KEPT,
    REVIEW,
    SOURCE,
    BoxFile,
    box_traits,
)
from mmboxcaseg.annotations.instances import SKIPPED
from mmboxcaseg.masks import RLE, rle_box, to_rle, to_segmentation
from mmboxcaseg.masks.calibration import Calibration

# Key of a mask's tight box.
TIGHT = 'bbox_tight'


@dataclass(frozen=True)
class MaskForm:
    """How masks are written to a file.

    Attributes:
        polygons (bool): Whether as polygons, and not as compressed RLE.
        tighten (bool): Whether annotations get the tight box of their mask.
    """

    polygons: bool
    tighten: bool


def with_mask(
    ann: dict[str, Any], rle: RLE, scores: dict[str, float], form: MaskForm
) -> dict[str, Any]:
    """Put a mask, its area and its scores into an annotation.

    Args:
        ann (dict): The annotation; it is not changed.
        rle (dict): Compressed RLE of the mask, of the image's size.
        scores (dict[str, float]): Scores by their keys in the annotation.
        form (MaskForm): How the mask is written.

    Returns:
        dict: A new annotation. A decision about an earlier mask is kept only
        if the mask is the same.
    """
    segmentation, area = to_segmentation(rle, form.polygons)
    # An earlier run may have left a decision. It is about the mask of that run.
    decided = ann.keys() & {REVIEW, SOURCE}
    same = decided and _is_same(ann.get('segmentation'), rle)
    stale = () if same else decided
    ann = dict(ann, segmentation=segmentation, area=area, **scores)
    for key in (SKIPPED, TIGHT, *stale):
        ann.pop(key, None)
    if form.tighten and area:
        ann[TIGHT] = rle_box(rle)
    ann.setdefault('iscrowd', 0)
    return ann


def with_kept_mask(
    ann: dict[str, Any], rle: RLE, scores: dict[str, float], form: MaskForm
) -> dict[str, Any]:
    """Put a mask that was given, not predicted, into its annotation.

    Args:
        ann (dict): The annotation; it is not changed.
        rle (dict): Compressed RLE of the mask, of the image's size.
        scores (dict[str, float]): Scores of a mask that is fully trusted, by
            their keys in the annotation.
        form (MaskForm): How the mask is written.

    Returns:
        dict: A new annotation, with ``proxy_source`` ``'kept'``.
    """
    new = with_mask(ann, rle, scores, form)
    if form.polygons and isinstance(ann['segmentation'], list):
        # Tracing the mask again would give other points for the same pixels.
        new['segmentation'] = ann['segmentation']
    if REVIEW in ann:
        new[REVIEW] = ann[REVIEW]
    new[SOURCE] = KEPT
    return new


def _is_same(segmentation: Any, rle: RLE) -> bool:
    """Whether a ``segmentation`` and an RLE have the same pixels."""
    return segmentation is not None and to_rle(segmentation, *rle['size']) == rle


class Rating:
    """Writes the expected IoU of masks into their annotations.

    Args:
        boxes (BoxFile): The boxes of the whole file.
        calibration (Calibration | None): Calibration that predicts the IoU.
            Without one, no IoU is written, and that of an earlier run is
            removed.

    Attributes:
        given (list[float]): The IoUs that were written, in [0, 1], without
            those of skipped boxes.
    """

    def __init__(self, boxes: BoxFile, calibration: Calibration | None) -> None:
        self.given: list[float] = []
        self._calibration = calibration
        self._traits = None if calibration is None else box_traits(boxes)

    def add(self, ann: dict[str, Any], place: int) -> dict[str, Any]:
        """Write the expected IoU into an annotation.

        Args:
            ann (dict): An annotation that has its mask; it is changed.
            place (int): Place of the annotation in the boxes.

        Returns:
            dict: The same annotation.

        Raises:
            ValueError: If the mask has no confidence, which the calibration
                needs.
        """
        # Removed first, so that it is the last of the keys.
        ann.pop(EXPECTED_IOU, None)
        if self._calibration is None:
            return ann
        if ann.get(SOURCE) == KEPT:
            value = 1.0
        elif SKIPPED in ann:
            value = 0.0
        elif 'proxy_confidence' not in ann:
            raise ValueError(
                'the masks of this model have no confidence, from which a '
                'calibration predicts the IoU; run without --calibration'
            )
        else:
            traits = self._traits.of_masks(
                np.array([place]),
                [ann['proxy_agreement']],
                [ann['proxy_confidence']],
                [ann['area']],
            )
            value = round(float(self._calibration.predict(traits)[0]), 4)
        ann[EXPECTED_IOU] = value
        if SKIPPED not in ann:
            self.given.append(value)
        return ann


def with_reasons(
    images: list[dict[str, Any]], skipped: dict[Any, str]
) -> list[dict[str, Any]]:
    """Write into skipped images why they were skipped.

    Args:
        images (list[dict]): The images of a COCO json; they are not changed.
        skipped (dict[int | str, str]): Reasons by the ids of skipped images.

    Returns:
        list[dict]: The images. Reasons of an earlier run are removed.
    """
    out = []
    for image in images:
        if image['id'] in skipped:
            image = {**image, SKIPPED: skipped[image['id']]}
        elif SKIPPED in image:
            image = {k: v for k, v in image.items() if k != SKIPPED}
        out.append(image)
    return out
