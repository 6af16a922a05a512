"""COCO's compressed run-length encoding, straight from pixel rectangles."""
from typing import Dict, List, Sequence, Tuple, Union

import numpy as np
from pycocotools import mask as coco_mask

from .merge import check_masks

RLE = Dict[str, Union[List[int], str]]


def encode_rle(mask: np.ndarray, rect: Sequence[int], height: int,
               width: int) -> RLE:
    """Encode a mask held in a rectangle as if it lay on the full canvas.

    :func:`encode_rles` of one mask.

    Args:
        mask (np.ndarray): (y1 - y0, x1 - x0) bool.
        rect (Sequence[int]): x0, y0, x1, y1, half-open, in pixels of the
            image, inside it.
        height (int): Height of the image in pixels.
        width (int): Width of the image in pixels.

    Returns:
        dict: ``size`` [height, width] and ``counts`` (str), as in COCO files.

    Raises:
        ValueError: If the rectangle leaves the image or does not fit the mask.
    """
    return encode_rles([mask], np.array([rect]), height, width)[0]


def encode_rles(masks: Sequence[np.ndarray], rects: np.ndarray, height: int,
                width: int) -> List[RLE]:
    """Encode the masks of an image as if they lay on the full canvas.

    The run lengths of all masks are worked out together and inside their
    rectangles, so time and memory follow the rectangles and not the image.
    The result is byte for byte pycocotools' encoding of the full canvases.

    Args:
        masks (Sequence[np.ndarray]): N bool arrays, mask i of shape
            (y1 - y0, x1 - x0) of its rectangle.
        rects (np.ndarray): (N, 4) int, x0, y0, x1, y1, half-open, in pixels
            of the image, inside it.
        height (int): Height of the image in pixels.
        width (int): Width of the image in pixels.

    Returns:
        list[dict]: N RLEs with ``size`` [height, width] and ``counts`` (str),
        as in COCO files.

    Raises:
        ValueError: If a rectangle leaves the image or does not fit its mask.
    """
    rects = np.asarray(rects, dtype=np.int64).reshape(-1, 4)
    check_masks(masks, rects)
    low, high = rects[:, :2], rects[:, 2:]
    inside = (low >= 0) & (low <= high) & (high <= (width, height))
    if not inside.all():
        worst = rects[int(np.flatnonzero(~inside.all(axis=1))[0])].tolist()
        raise ValueError(f'rectangle {worst} leaves the image of '
                         f'{width} x {height} pixels (width x height)')
    if len(masks) == 0:
        return []
    mask_ids, places, counts = _edges(masks, rects, height)
    # Each mask gets its own stretch of numbers, so that all can be sorted
    # and subtracted at once; it begins at the first pixel and ends behind
    # the last one.
    begins = np.arange(len(masks)) * (height * width + 1)
    places += begins[mask_ids]
    if ((low[:, 1] == 0) & (high[:, 1] == height)).any():
        places, counts = _join_columns(places, begins)
    places = np.concatenate([places, begins, begins + height * width])
    places.sort()
    runs = places[1:] - places[:-1]
    stops = np.cumsum(counts + 2) - 1
    starts = stops - counts - 1
    # A mask that reaches the last pixel has no background behind it.
    stops = stops - ((runs[stops - 1] == 0) & (counts > 0))
    size = [height, width]
    rles = coco_mask.frPyObjects([
        dict(size=size, counts=runs[start:stop])
        for start, stop in zip(starts.tolist(), stops.tolist())
    ], height, width)
    return [
        dict(size=[height, width], counts=rle['counts'].decode('ascii'))
        for rle in rles
    ]


def _edges(masks: Sequence[np.ndarray], rects: np.ndarray,
           height: int) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the runs of each mask's columns begin and end.

    Args:
        masks (Sequence[np.ndarray]): N bool arrays.
        rects (np.ndarray): (N, 4) int, their rectangles.
        height (int): Height of the image in pixels.

    Returns:
        tuple[np.ndarray, np.ndarray, np.ndarray]: For each edge the index of
        its mask and its place on the canvas, counted down the columns, both
        int64 of shape (E,), by mask but unsorted within one; and how many
        edges each mask has, (N,).
    """
    widths = rects[:, 2] - rects[:, 0]
    sizes = (rects[:, 3] - rects[:, 1] + 1) * widths
    sizes[widths == 0] = 0
    ends = np.cumsum(sizes)
    # A pixel that differs from the one above it: a row more than the mask
    # has, so that every run inside a column gets its start and its end.
    differs = np.zeros(int(ends[-1]), dtype=bool)
    for mask, end, size in zip(masks, ends.tolist(), sizes.tolist()):
        if mask.size:
            rows, columns = mask.shape
            block = differs[end - size:end].reshape(rows + 1, columns)
            block[0] = mask[0]
            block[rows] = mask[-1]
            np.not_equal(mask[1:], mask[:-1], out=block[1:rows])
    found = np.flatnonzero(differs)
    upto = np.searchsorted(found, ends)
    counts = upto.copy()
    counts[1:] -= upto[:-1]
    mask_ids = np.repeat(np.arange(len(masks)), counts)
    inside = found - (ends - sizes)[mask_ids]
    width = widths[mask_ids]
    row = inside // width
    column = inside - row * width
    shift = rects[:, 0] * height + rects[:, 1]
    return mask_ids, shift[mask_ids] + column * height + row, counts


def _join_columns(places: np.ndarray,
                  begins: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Make one run of two that meet at the foot and head of two columns.

    COCO counts on from column to column, so where one run ends and the next
    begins neither edge is left.

    Args:
        places (np.ndarray): (E,) edges, each mask in its own stretch.
        begins (np.ndarray): (N,) where the stretches begin.

    Returns:
        tuple[np.ndarray, np.ndarray]: The edges that are left, sorted, and
        how many each mask has, (N,).
    """
    places = np.sort(places)
    met = np.flatnonzero(places[1:] == places[:-1])
    places = np.delete(places, np.concatenate([met, met + 1]))
    starts = np.searchsorted(places, begins)
    return places, np.diff(starts, append=len(places))


def decode_rle(rle: RLE) -> np.ndarray:
    """The full mask of a compressed RLE.

    Args:
        rle (dict): ``size`` [height, width] and ``counts`` (str).

    Returns:
        np.ndarray: (height, width) bool.
    """
    return coco_mask.decode(rle).astype(bool)


def rle_area(rle: RLE) -> int:
    """Number of pixels of a compressed RLE.

    Args:
        rle (dict): ``size`` [height, width] and ``counts`` (str).

    Returns:
        int: The area in pixels.
    """
    return int(coco_mask.area(rle))


def to_rle(segmentation: Union[List[list], RLE], height: int,
           width: int) -> RLE:
    """One compressed RLE of a COCO ``segmentation`` of any kind.

    Args:
        segmentation (list[list[float]] | dict): Polygons, each x, y, x, y, ...
            in pixels (without one the mask is empty), or an RLE with its
            counts as a list or compressed; a compressed one is returned as it
            is.
        height (int): Height of the image in pixels.
        width (int): Width of the image in pixels.

    Returns:
        dict: ``size`` [height, width] and ``counts``, compressed.
    """
    if not segmentation:
        nothing = np.zeros((0, 0), dtype=bool)
        return encode_rle(nothing, (0, 0, 0, 0), height, width)
    if isinstance(segmentation, list):
        return coco_mask.merge(
            coco_mask.frPyObjects(segmentation, height, width))
    if isinstance(segmentation['counts'], list):
        return coco_mask.frPyObjects(segmentation, height, width)
    return segmentation
