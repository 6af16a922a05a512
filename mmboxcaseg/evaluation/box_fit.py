"""How well masks fit their boxes, and the true masks that are known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from mmboxcaseg.annotations import read_coco
from mmboxcaseg.annotations.box_file import Id
from mmboxcaseg.annotations.given import keep_given_masks
from mmboxcaseg.masks import RLE, agreement, encode_rles, rle_iou


@dataclass(frozen=True, eq=False)
class BoxFits:
    """Scores of N masks, one for each box, before merging.

    Attributes:
        box_ids (tuple[int | str, ...]): Ids of the N annotations.
        agreement (np.ndarray): (N,) float64 in [0, 1].
        confidence (np.ndarray): (N,) float64 in [0, 1].
        iou (np.ndarray): (N,) float64 in [0, 1], IoU with the true mask; NaN
            where none is known.
    """

    box_ids: tuple[Id, ...]
    agreement: np.ndarray
    confidence: np.ndarray
    iou: np.ndarray

    def __len__(self) -> int:
        """Number of boxes, N."""
        return len(self.box_ids)

    @property
    def known(self) -> np.ndarray:
        """Whether the true mask of each box is known, (N,) bool."""
        return ~np.isnan(self.iou)

    def summary(self) -> 'FitSummary':
        """The means over the boxes."""
        known = self.known
        return FitSummary(
            boxes=len(self),
            true_masks=int(known.sum()),
            agreement=float(self.agreement.mean()),
            confidence=float(self.confidence.mean()),
            miou=100 * float(self.iou[known].mean()) if known.any() else None,
        )

    @classmethod
    def join(cls, parts: Sequence['BoxFits']) -> 'BoxFits':
        """Join the scores of several images.

        Args:
            parts (Sequence[BoxFits]): One or more.

        Returns:
            BoxFits: The scores in the same order.
        """
        columns = {
            one.name: np.concatenate([getattr(part, one.name) for part in parts])
            for one in fields(cls)
            if one.name != 'box_ids'
        }
        return cls(
            box_ids=tuple(one for part in parts for one in part.box_ids), **columns
        )

    def to_json(self) -> dict[str, Any]:
        """The scores as json values, which :meth:`from_json` reads."""
        return dict(
            box_ids=list(self.box_ids),
            agreement=self.agreement.tolist(),
            confidence=self.confidence.tolist(),
            iou=[value if ok else None for value, ok in zip(self.iou, self.known)],
        )

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> 'BoxFits':
        """Read what :meth:`to_json` returned.

        Args:
            content (Mapping[str, Any]): Json values.

        Returns:
            BoxFits: The scores.

        Raises:
            KeyError: If a key is missing.
        """
        columns = {
            name: np.array(content[name], dtype=np.float64)
            for name in ('agreement', 'confidence', 'iou')
        }
        return cls(box_ids=tuple(content['box_ids']), **columns)


@dataclass(frozen=True)
class FitSummary:
    """Means over boxes; as a string, a line of text.

    Attributes:
        boxes (int): Number of boxes.
        true_masks (int): Number of boxes whose true mask is known.
        agreement (float): Mean agreement, in [0, 1].
        confidence (float): Mean confidence, in [0, 1].
        miou (float | None): Mean IoU with the true masks, in percent; None
            if none is known.
    """

    boxes: int
    true_masks: int
    agreement: float
    confidence: float
    miou: float | None

    def __str__(self) -> str:
        text = f'agreement {self.agreement:.3f}, confidence {self.confidence:.3f}'
        return text if self.miou is None else f'mIoU {self.miou:.1f}, {text}'


def known_masks(ann: str) -> dict[Id, RLE]:
    """Read the true masks that a file has for some of its boxes.

    Args:
        ann (str): Path of a COCO json. Masks that were given, and not
            predicted, are true ones, see
            :func:`~mmboxcaseg.annotations.given.keep_given_masks`.

    Returns:
        dict[int | str, dict]: True masks, compressed RLE of the image's size,
        by the id of their annotation.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not a COCO json.
    """
    boxes = keep_given_masks(read_coco(ann, with_masks=True))
    return {boxes.box_ids[place]: rle for place, rle in boxes.kept.items()}


def box_fits(
    box_ids: Sequence[Id],
    masks: Sequence[np.ndarray],
    rects: np.ndarray,
    boxes: np.ndarray,
    confidence: np.ndarray,
    size: tuple[int, int],
    truth: Mapping[Id, RLE],
) -> BoxFits:
    """Score the masks of an image.

    Args:
        box_ids (Sequence[int | str]): Ids of the N annotations.
        masks (Sequence[np.ndarray]): N bool arrays of the size of their
            rectangles.
        rects (np.ndarray): (N, 4) int, x0, y0, x1, y1, half-open, in pixels.
        boxes (np.ndarray): (N, 4) float, xyxy in pixels of the image.
        confidence (np.ndarray): (N,) in [0, 1], confidence of the network.
        size (tuple[int, int]): Height and width of the image in pixels.
        truth (Mapping[int | str, dict]): Known true masks, compressed RLE of
            the image's size, by the id of their annotation.

    Returns:
        BoxFits: The scores of the masks.

    Raises:
        ValueError: If numbers or shapes do not match, or a box covers nothing
            of the image.
    """
    iou = np.full(len(masks), np.nan)
    places = [place for place, one in enumerate(box_ids) if one in truth]
    if places:
        rles = encode_rles([masks[place] for place in places], rects[places], *size)
        iou[places] = [
            rle_iou(rle, truth[box_ids[place]]) for place, rle in zip(places, rles)
        ]
    return BoxFits(
        box_ids=tuple(box_ids),
        agreement=agreement(masks, rects, boxes, *size),
        confidence=np.asarray(confidence, dtype=np.float64),
        iou=iou,
    )
