"""Masks that users give, which a run keeps instead of predicting new ones."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from mmboxcaseg.masks import RLE, rle_area, rle_length, to_rle

from .box_file import BoxFile
from .mask_file import KEPT, SOURCE

_log = logging.getLogger(__name__)


class KeptMasks(Mapping[int, RLE]):
    """A mapping from the places of annotations to their masks.

    It makes each RLE when it is accessed, and takes a third of the memory of
    the RLEs themselves.

    Args:
        counts (dict[int, bytes]): Counts of compressed RLEs, by the place of
            their annotation.
        sizes (np.ndarray): Height and width of each annotation's image in
            pixels, (N, 2) int.
    """

    def __init__(self, counts: dict[int, bytes], sizes: np.ndarray) -> None:
        self._counts = counts
        self._sizes = sizes

    def __getitem__(self, place: int) -> RLE:
        counts = self._counts[place].decode('latin-1')
        return dict(size=self._sizes[place].tolist(), counts=counts)

    def __iter__(self) -> Iterator[int]:
        return iter(self._counts)

    def __len__(self) -> int:
        return len(self._counts)


def given_places(boxes: BoxFile) -> np.ndarray:
    """Find the annotations whose mask was given, not predicted.

    A mask was predicted if its annotation has ``proxy_agreement``, unless
    ``proxy_source`` says that it was kept.

    Args:
        boxes (BoxFile): Boxes, read with their masks.

    Returns:
        np.ndarray: (N,) bool, True for annotations with a given mask that are
        no crowds.
    """
    anns = boxes.content['annotations']
    given = np.fromiter(map(_is_given, anns), dtype=bool, count=len(anns))
    return given & ~boxes.crowd


def keep_given_masks(boxes: BoxFile) -> BoxFile:
    """Keep given masks, so that only the others are predicted.

    Some exporters write boxes as polygons. If every given mask is just the
    outline of its box, none is kept. A mask without pixels is not kept
    either. Both cases log a warning.

    Args:
        boxes (BoxFile): Boxes, read with their masks.

    Returns:
        BoxFile: The boxes with their given masks in ``kept``. Boxes whose
        mask is kept are not ``usable``.

    Raises:
        ValueError: If a mask is broken or differs in size from its image.
    """
    places = np.flatnonzero(given_places(boxes)).tolist()
    if places and all(_is_box(boxes, place) for place in places):
        _log.warning(
            '%s: all %d given masks are outlines of their boxes, which some '
            'exporters write; new masks are predicted',
            boxes.path,
            len(places),
        )
        places = []
    counts, empty = {}, []
    for place in places:
        rle = _rle(boxes, place)
        if rle_area(rle):
            counts[place] = rle['counts'].encode('latin-1')
        else:
            empty.append(place)
    kept = KeptMasks(counts, boxes.sizes[boxes.image_index])
    if empty:
        ids = ', '.join(repr(boxes.box_ids[place]) for place in empty[:5])
        _log.warning(
            '%s: %d given masks have no pixels, those of annotations %s%s; new '
            'masks are predicted',
            boxes.path,
            len(empty),
            ids,
            ', ...' if len(empty) > 5 else '',
        )
    usable = boxes.usable.copy()
    usable[list(kept)] = False
    why_not = {
        place: reason for place, reason in boxes.why_not.items() if place not in kept
    }
    return replace(boxes, usable=usable, why_not=why_not, kept=kept)


def _is_given(ann: Mapping[str, Any]) -> bool:
    return bool(ann.get('segmentation')) and (
        'proxy_agreement' not in ann or ann.get(SOURCE) == KEPT
    )


def _is_box(boxes: BoxFile, place: int) -> bool:
    """Whether a mask is just the outline of its box as a polygon."""
    polygons = boxes.annotation(place)['segmentation']
    if not isinstance(polygons, list) or len(polygons) != 1:
        return False
    x0, y0, x1, y1 = boxes.boxes[place].tolist()
    corners = {(x, y) for x in (x0, x1) for y in (y0, y1)}
    points = list(zip(polygons[0][::2], polygons[0][1::2]))
    # Exporters round, and some repeat the first point at the end.
    met = [
        [
            corner
            for corner in corners
            if max(abs(corner[0] - x), abs(corner[1] - y)) < 0.5
        ]
        for x, y in points
    ]
    return len(points) in (4, 5) and all(met) and {one[0] for one in met} == corners


def _rle(boxes: BoxFile, place: int) -> RLE:
    """A given mask as an RLE that has the size of its image."""
    size = tuple(boxes.sizes[boxes.image_index[place]].tolist())
    name = f'{boxes.path}: the mask of annotation {boxes.box_ids[place]!r}'
    segmentation = boxes.annotation(place)['segmentation']
    if isinstance(segmentation, list):
        if not all(isinstance(one, list) for one in segmentation):
            raise ValueError(f'{name} is broken: it is not a list of polygons')
        if any(len(one) % 2 for one in segmentation):
            raise ValueError(
                f'{name} is broken: a polygon has an odd number of coordinates'
            )
        # pycocotools would take four numbers as a box.
        segmentation = [one for one in segmentation if len(one) >= 6]
    elif not {'size', 'counts'} <= set(segmentation):
        raise ValueError(f'{name} is broken: an RLE needs "size" and "counts"')
    elif list(segmentation['size']) != list(size):
        raise ValueError(
            f'{name} has (height, width) '
            f'{tuple(segmentation["size"])}, but its image has {size}'
        )
    try:
        rle = to_rle(segmentation, *size)
        if isinstance(segmentation, list):
            # pycocotools has drawn it, so its runs fill the image.
            return rle
        length = rle_length(rle['counts'])
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f'{name} is broken: {error}') from error
    if length != size[0] * size[1]:
        raise ValueError(
            f'{name} is broken: its runs have {length} pixels, but the image '
            f'has {size[0] * size[1]}'
        )
    return rle
