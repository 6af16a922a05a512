"""The masks of a COCO json and, for proxy masks, their scores."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from mmboxcaseg.masks import RLE, to_rle

from .box_file import BoxFile
from .coco import read_coco
from .instances import SKIPPED

# Scores of a proxy mask; its annotation has them as ``proxy_<score>``.
SCORES = ('agreement', 'confidence')
# Key of a mask's expected IoU.
EXPECTED_IOU = 'proxy_iou'
# Key that marks a mask as given, not predicted, and its only value.
SOURCE = 'proxy_source'
KEPT = 'kept'
# Key of a person's decision about a mask, and its values.
REVIEW = 'proxy_review'
REVIEWS = ('accepted', 'rejected', 'unsure')


@dataclass(frozen=True, eq=False)
class MaskFile:
    """Masks of N annotations, proxy masks or true ones.

    Attributes:
        boxes (BoxFile): Images, boxes and categories of the masks.
        agreement (np.ndarray | None): Agreement of each mask, (N,) float64 in
            [0, 1], NaN for crowds; None if the file has none.
        confidence (np.ndarray | None): Confidence of each mask, (N,) float64
            in [0, 1], NaN for crowds; None if the file has none.
        made (Mapping[str, Any]): How the masks were made,
            ``info.proxy_masks`` of the file; empty if the file has none.
        expected_iou (np.ndarray | None): Expected IoU of each mask, (N,)
            float64 in [0, 1], NaN for crowds; None if the file has none.
    """

    boxes: BoxFile
    agreement: np.ndarray | None
    confidence: np.ndarray | None
    made: Mapping[str, Any]
    expected_iou: np.ndarray | None = None

    @cached_property
    def kept(self) -> np.ndarray:
        """(N,) bool, True for masks that were given, not predicted."""
        return self._have(SOURCE, KEPT)

    @cached_property
    def rejected(self) -> np.ndarray:
        """(N,) bool, True for masks that a person rejected."""
        return self._have(REVIEW, 'rejected')

    @cached_property
    def accepted(self) -> np.ndarray:
        """(N,) bool, True for masks that a person accepted."""
        return self._have(REVIEW, 'accepted')

    @cached_property
    def unsure(self) -> np.ndarray:
        """(N,) bool, True for masks that a person was unsure about."""
        return self._have(REVIEW, 'unsure')

    @cached_property
    def skipped(self) -> np.ndarray:
        """(N,) bool, True for boxes without a mask, as they or their photo could
        not be used."""
        return self._are(lambda ann: SKIPPED in ann)

    def _have(self, key: str, value: str) -> np.ndarray:
        return self._are(lambda ann: ann.get(key) == value)

    def _are(self, test: Callable[[Mapping[str, Any]], bool]) -> np.ndarray:
        anns = map(self.boxes.annotation, range(len(self.boxes)))
        return np.array([test(ann) for ann in anns], dtype=bool)

    @property
    def scores(self) -> dict[str, np.ndarray]:
        """The scores that the file has by name, (N,) float64 each."""
        scores = dict(agreement=self.agreement, confidence=self.confidence)
        return {k: v for k, v in scores.items() if v is not None}

    def rle(self, place: int) -> RLE:
        """Get the mask of an annotation.

        Args:
            place (int): Place of the annotation.

        Returns:
            dict: Compressed RLE that has the size of the image.

        Raises:
            ValueError: If the annotation has no mask, or the mask differs in
                size from the image.
        """
        ann = self.boxes.annotation(place)
        segmentation = ann.get('segmentation')
        # An empty list of polygons is an empty mask if there is a score.
        if not segmentation and (segmentation is None or self.agreement is None):
            raise ValueError(
                f'{self.boxes.path}: annotation {ann["id"]!r} has no "segmentation"'
            )
        size = self.size(place)
        rle = to_rle(segmentation, *size)
        if tuple(rle['size']) != size:
            raise ValueError(
                f'{self.boxes.path}: the mask of annotation {ann["id"]!r} has '
                f'(height, width) {tuple(rle["size"])}, but its image has {size}'
            )
        return rle

    def size(self, place: int) -> tuple[int, int]:
        """Get the size of an annotation's image.

        Args:
            place (int): Place of the annotation.

        Returns:
            tuple[int, int]: Height and width in pixels.
        """
        height, width = self.boxes.sizes[self.boxes.image_index[place]]
        return int(height), int(width)


def read_masks(path: str, img_dir: str | None = None) -> MaskFile:
    """Read the masks of a COCO json.

    Args:
        path (str): Path of the json.
        img_dir (str, optional): Folder of the photos, see :func:`read_coco`.
            Defaults to None.

    Returns:
        MaskFile: The masks. :meth:`MaskFile.rle` raises an error for an
        annotation without a mask.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is no COCO json, a score is no number from 0
            to 1, or only some of its annotations have a score.
    """
    boxes = read_coco(path, with_masks=True, img_dir=img_dir)
    made = boxes.content.get('info', {}).get('proxy_masks', {})
    columns = {score: _column(boxes, f'proxy_{score}') for score in SCORES}
    return MaskFile(
        boxes=boxes, made=made, expected_iou=_column(boxes, EXPECTED_IOU), **columns
    )


def read_proxy_masks(path: str) -> MaskFile:
    """Read a file of proxy masks, in which every mask has an agreement.

    Args:
        path (str): Path of a json that ``boxcaseg masks`` has written.

    Returns:
        MaskFile: The masks. Their ``agreement`` is never None.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If :func:`read_masks` raises it, or an annotation that is
            no crowd has no ``segmentation`` or no ``proxy_agreement``.
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
        # The file has only crowds, or no annotations.
        return replace(masks, agreement=np.full(len(masks.boxes), np.nan))
    return masks


def _column(boxes: BoxFile, key: str) -> np.ndarray | None:
    """A score of all masks, (N,) float64, NaN for crowds; None if none has it."""
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
