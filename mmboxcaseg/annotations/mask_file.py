"""The masks of a COCO json, with their scores where they are proxy masks."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from mmboxcaseg.masks import RLE, to_rle

from .box_file import BoxFile
from .coco import read_coco

# What is said of a proxy mask, as ``proxy_<score>`` of its annotation.
SCORES = ('agreement', 'confidence')
# Key of the IoU that is expected of a mask.
EXPECTED_IOU = 'proxy_iou'
# Key of a mask that was given, and not predicted, and its only value.
SOURCE = 'proxy_source'
KEPT = 'kept'
# Key of what a person decided about a mask, and its values.
REVIEW = 'proxy_review'
REVIEWS = ('accepted', 'rejected', 'unsure')


@dataclass(frozen=True, eq=False)
class MaskFile:
    """Masks of N annotations: proxy masks or true ones.

    Attributes:
        boxes (BoxFile): Their images, boxes and categories.
        agreement (np.ndarray | None): (N,) float64 in [0, 1], NaN for
            crowds; None where the file has none.
        confidence (np.ndarray | None): (N,) float64 in [0, 1], NaN for
            crowds; None where the file has none.
        made (Mapping[str, Any]): How the masks were made, ``proxy_masks`` of
            the file's ``info``; empty where it does not say.
        expected_iou (np.ndarray | None): (N,) float64 in [0, 1], the IoU that
            is expected of each mask, NaN for crowds; None where the file has
            none.
    """

    boxes: BoxFile
    agreement: np.ndarray | None
    confidence: np.ndarray | None
    made: Mapping[str, Any]
    expected_iou: np.ndarray | None = None

    @cached_property
    def kept(self) -> np.ndarray:
        """Whether each mask was given and not predicted, (N,) bool."""
        return self._have(SOURCE, KEPT)

    @cached_property
    def rejected(self) -> np.ndarray:
        """Whether a person rejected each mask, (N,) bool."""
        return self._have(REVIEW, 'rejected')

    @cached_property
    def accepted(self) -> np.ndarray:
        """Whether a person accepted each mask, (N,) bool."""
        return self._have(REVIEW, 'accepted')

    @cached_property
    def unsure(self) -> np.ndarray:
        """Whether a person was unsure of each mask, (N,) bool."""
        return self._have(REVIEW, 'unsure')

    def _have(self, key: str, value: str) -> np.ndarray:
        anns = map(self.boxes.annotation, range(len(self.boxes)))
        return np.array([ann.get(key) == value for ann in anns], dtype=bool)

    @property
    def scores(self) -> dict[str, np.ndarray]:
        """The scores that the file has, by name, (N,) float64."""
        scores = dict(agreement=self.agreement, confidence=self.confidence)
        return {k: v for k, v in scores.items() if v is not None}

    def rle(self, place: int) -> RLE:
        """The mask of an annotation.

        Args:
            place (int): Place of the annotation.

        Returns:
            dict: Compressed RLE of the image's size.

        Raises:
            ValueError: If there is none, or it is of another size.
        """
        ann = self.boxes.annotation(place)
        segmentation = ann.get('segmentation')
        # No polygons are an empty mask where a score says that there is one.
        if not segmentation and (segmentation is None or self.agreement is None):
            raise ValueError(
                f'{self.boxes.path}: annotation {ann["id"]!r} has no "segmentation"'
            )
        size = self.size(place)
        rle = to_rle(segmentation, *size)
        if tuple(rle['size']) != size:
            raise ValueError(
                f'{self.boxes.path}: the mask of annotation {ann["id"]!r} has '
                f'(height, width) {tuple(rle["size"])}, its image {size}'
            )
        return rle

    def size(self, place: int) -> tuple[int, int]:
        """Height and width of an annotation's image, in pixels."""
        height, width = self.boxes.sizes[self.boxes.image_index[place]]
        return int(height), int(width)


def read_masks(path: str, img_dir: str | None = None) -> MaskFile:
    """Read the masks of a COCO json.

    Args:
        path (str): Path of the json.
        img_dir (str, optional): Folder of the photos, see :func:`read_coco`.
            Defaults to None.

    Returns:
        MaskFile: Its masks; whether each annotation has one is told by
        :meth:`MaskFile.rle`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no COCO json, or some of its annotations have a
            score and others don't.
    """
    boxes = read_coco(path, with_masks=True, img_dir=img_dir)
    made = boxes.content.get('info', {}).get('proxy_masks', {})
    columns = {score: _column(boxes, f'proxy_{score}') for score in SCORES}
    return MaskFile(
        boxes=boxes, made=made, expected_iou=_column(boxes, EXPECTED_IOU), **columns
    )


def read_proxy_masks(path: str) -> MaskFile:
    """Read a file of ``boxcaseg masks``: every mask has an agreement.

    Args:
        path (str): Path of the json.

    Returns:
        MaskFile: Its masks; there always is an ``agreement``.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: As of :func:`read_masks`, and if an annotation that is no
            crowd has no ``segmentation`` or no ``proxy_agreement``.
    """
    masks = read_masks(path)
    for place in np.flatnonzero(~masks.boxes.crowd).tolist():
        ann = masks.boxes.annotation(place)
        if masks.agreement is None or 'segmentation' not in ann:
            lacking = 'proxy_agreement' if masks.agreement is None else 'segmentation'
            raise ValueError(
                f'{path}: annotation {ann["id"]!r} has no "{lacking}", so boxcaseg '
                'masks has not made this file; make masks of its boxes with '
                f'boxcaseg masks {path} PHOTOS -o MASKS.json, and give MASKS.json'
            )
    if masks.agreement is None:
        # Crowds only, or nothing at all.
        return replace(masks, agreement=np.full(len(masks.boxes), np.nan))
    return masks


def _column(boxes: BoxFile, key: str) -> np.ndarray | None:
    """A score of all masks, (N,) float64, NaN for crowds; None without."""
    column = np.full(len(boxes), np.nan)
    lacking = []
    for place in np.flatnonzero(~boxes.crowd).tolist():
        ann = boxes.annotation(place)
        if key not in ann:
            lacking.append(ann['id'])
            continue
        value = ann[key]
        if isinstance(value, bool) or not (
            isinstance(value, (int, float)) and 0 <= value <= 1
        ):
            raise ValueError(
                f'{boxes.path}: annotation {ann["id"]!r} has '
                f'"{key}" {value!r}; it must be a number from 0 '
                'to 1'
            )
        column[place] = value
    if not lacking:
        return None if np.isnan(column).all() else column
    if np.isnan(column).all():
        return None
    raise ValueError(
        f'{boxes.path}: annotation {lacking[0]!r} has no "{key}", but others have'
    )
