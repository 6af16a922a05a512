"""Annotations of a COCO json that stay text until they are accessed.

Polygons are most of such a file, and as Python lists they take several times
its size in memory. So only ids, boxes and ``iscrowd`` of all annotations are
read into columns. An annotation is parsed whenever it is accessed, for its
mask or to be written back.
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
    """Values that all N annotations have, as columns.

    Attributes:
        ids (list[int | str]): Ids of the annotations.
        image_ids (list[int | str]): Ids of their images.
        category_ids (list[int | str]): Ids of their categories.
        xywh (np.ndarray): Boxes as x, y, width, height in pixels, (N, 4)
            float64.
        crowd (np.ndarray): (N,) bool, True for crowds.
    """

    ids: list[Id]
    image_ids: list[Id]
    category_ids: list[Id]
    xywh: np.ndarray
    crowd: np.ndarray


class _Row(msgspec.Struct, gc=False):
    """The values of an annotation that go into the columns."""

    id: int | str
    image_id: int | str
    category_id: int | str
    bbox: tuple[float, float, float, float]
    iscrowd: int = 0


_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_ROW = msgspec.json.Decoder(_Row)


class LazyAnnotations(Sequence[dict[str, Any]]):
    """A sequence of annotations that are parsed whenever they are accessed.

    Every access returns a new dictionary.

    Args:
        texts (list[msgspec.Raw]): N json objects.
        crowd (np.ndarray): (N,) bool, True for crowds.
        with_masks (bool): Whether annotations keep their ``segmentation``.
            Without, it is None except for crowds.
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
        # The key stays, so that the file is written back with its keys in
        # order.
        if not self._with_masks and 'segmentation' in entry and not self._crowd[place]:
            entry['segmentation'] = None
        return entry

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self[place] for place in range(len(self)))

    def __eq__(self, other: object) -> bool:
        """Whether two sequences have equal annotations, as lists do."""
        if not isinstance(other, (list, LazyAnnotations)):
            return NotImplemented
        return len(self) == len(other) and all(map(operator.eq, self, other))

    __hash__ = None

    def take(self, places: np.ndarray) -> 'LazyAnnotations':
        """Select some of the annotations.

        Args:
            places (np.ndarray): Places of M annotations, (M,) int.

        Returns:
            LazyAnnotations: The M annotations.
        """
        return LazyAnnotations(
            [self._texts[place] for place in places.tolist()],
            self._crowd[places],
            self._with_masks,
        )


def parse_lazily(
    text: bytes, with_masks: bool
) -> tuple[dict[str, Any], Columns] | None:
    """Parse a COCO json whose annotations need no correction.

    That means that ids are whole numbers or text, boxes are four numbers, and
    ``iscrowd`` is a whole number or missing.

    Args:
        text (bytes): The json, UTF-8.
        with_masks (bool): Whether annotations keep their ``segmentation``,
            see :class:`LazyAnnotations`.

    Returns:
        tuple[dict, Columns] | None: The content, whose ``annotations`` are
        :class:`LazyAnnotations`, and their columns. None if the text is no
        strict json or an annotation is in any other form. The caller then has
        to parse it with the standard library, and to correct it or report
        what is wrong.
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
    """Raise UnicodeDecodeError if text is not UTF-8, without a copy of it."""
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
    """Parse a json value.

    Numbers too large for a float become infinite, as with the standard
    library.
    """
    try:
        return msgspec.json.decode(text)
    except msgspec.ValidationError:
        return json.loads(bytes(text))
