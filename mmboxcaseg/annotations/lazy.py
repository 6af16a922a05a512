"""Annotations of a COCO json that stay text until one of them is asked for.

Outlines are most of such a file, and as Python's lists of numbers they take
several times its size in memory. What making masks needs of every annotation,
its ids and its box, is read into columns; all else is parsed anew whenever an
annotation is written back or its mask is wanted.
"""

import codecs
import json
import operator
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import msgspec
import numpy as np

from .box_file import Id
from .numbers import LARGEST


@dataclass(frozen=True, eq=False)
class Columns:
    """What every one of N annotations has.

    Attributes:
        ids (list[int | str]): N ids.
        image_ids (list[int | str]): N ids of images.
        category_ids (list[int | str]): N ids of categories.
        xywh (np.ndarray): (N, 4) float64, x, y, width, height in pixels.
        crowd (np.ndarray): (N,) bool.
    """

    ids: list[Id]
    image_ids: list[Id]
    category_ids: list[Id]
    xywh: np.ndarray
    crowd: np.ndarray


class _Row(msgspec.Struct, gc=False):
    """An annotation in plain order, less what is not needed of all."""

    id: int | str
    image_id: int | str
    category_id: int | str
    bbox: tuple[float, float, float, float]
    iscrowd: int = 0


_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_ROW = msgspec.json.Decoder(_Row)


class LazyAnnotations(Sequence[dict[str, Any]]):
    """The annotations, each a new dictionary whenever it is asked for.

    Args:
        texts (list[msgspec.Raw]): N json objects.
        crowd (np.ndarray): (N,) bool, which are crowds.
        with_masks (bool): Whether those that are no crowds keep their
            ``segmentation``, which else is None.
    """

    def __init__(
        self, texts: list[msgspec.Raw], crowd: np.ndarray, with_masks: bool
    ) -> None:
        self._texts = texts
        self._crowd = crowd
        self._with_masks = with_masks

    def __len__(self) -> int:
        return len(self._texts)

    @overload
    def __getitem__(self, place: int) -> dict[str, Any]: ...

    @overload
    def __getitem__(self, place: slice) -> list[dict[str, Any]]: ...

    def __getitem__(self, place: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        if isinstance(place, slice):
            return [self[one] for one in range(len(self))[place]]
        entry = _value(self._texts[place])
        # The key keeps its place, for the file to be written back; so does
        # the mask of a crowd.
        if not self._with_masks and 'segmentation' in entry and not self._crowd[place]:
            entry['segmentation'] = None
        return entry

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self[place] for place in range(len(self)))

    def __eq__(self, other: object) -> bool:
        """As of two lists of dictionaries."""
        if not isinstance(other, (list, LazyAnnotations)):
            return NotImplemented
        return len(self) == len(other) and all(map(operator.eq, self, other))

    __hash__ = None

    def take(self, places: np.ndarray) -> 'LazyAnnotations':
        """Some of the annotations.

        Args:
            places (np.ndarray): (M,) int, their places.

        Returns:
            LazyAnnotations: M annotations.
        """
        return LazyAnnotations(
            [self._texts[place] for place in places.tolist()],
            self._crowd[places],
            self._with_masks,
        )


def parse_lazily(
    text: bytes, with_masks: bool
) -> tuple[dict[str, Any], Columns] | None:
    """The content of a COCO json whose annotations are in plain order.

    That is: ids are whole numbers or text, boxes are four numbers, ``iscrowd``
    is a whole number or missing.

    Args:
        text (bytes): The json, UTF-8.
        with_masks (bool): See :class:`LazyAnnotations`.

    Returns:
        tuple[dict, Columns] | None: The content, whose ``annotations`` are
        :class:`LazyAnnotations`, and what these have in common. None if they
        are in another order, or it is no json to the letter: then json's own
        parser, and whoever checks what it returns, has to say what is wrong
        or to put it right.
    """
    if text.startswith(codecs.BOM_UTF8):
        text = text[len(codecs.BOM_UTF8) :]
    try:
        _check_utf8(text)
        parts = _OBJECT.decode(text)
        entries = _LIST.decode(parts['annotations'])
        columns = _columns(entries)
        content = {
            key: None if key == 'annotations' else _value(part)
            for key, part in parts.items()
        }
    except (msgspec.DecodeError, KeyError, ValueError, RecursionError):
        return None
    if not (np.abs(columns.xywh) <= LARGEST).all():
        return None
    content['annotations'] = LazyAnnotations(entries, columns.crowd, with_masks)
    return content, columns


def _check_utf8(text: bytes) -> None:
    """Raise UnicodeDecodeError if it is no UTF-8; holds no copy of it."""
    if text.isascii():
        return
    decoder = codecs.getincrementaldecoder('utf-8')()
    step = 2**20
    for start in range(0, len(text), step):
        decoder.decode(text[start : start + step], start + step >= len(text))


def _columns(entries: list[msgspec.Raw]) -> Columns:
    ids, image_ids, category_ids = [], [], []
    xywh, crowd = array('d'), array('b')
    for entry in entries:
        row = _ROW.decode(entry)
        ids.append(row.id)
        image_ids.append(row.image_id)
        category_ids.append(row.category_id)
        xywh.extend(row.bbox)
        crowd.append(row.iscrowd != 0)
    return Columns(
        ids,
        image_ids,
        category_ids,
        np.array(xywh, dtype=np.float64).reshape(-1, 4),
        np.array(crowd, dtype=bool),
    )


def _value(text: msgspec.Raw) -> Any:
    """A json value. Numbers that no float can hold are infinite, as json's
    own parser has them."""
    try:
        return msgspec.json.decode(text)
    except msgspec.ValidationError:
        return json.loads(bytes(text))
