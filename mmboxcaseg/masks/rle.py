"""COCO's compressed run-length encoding, straight from pixel rectangles."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from .merge import check_masks

# ``size`` [height, width] and ``counts``, a string.
RLE = dict[str, Any]


def encode_rle(mask: np.ndarray, rect: Sequence[int], height: int, width: int) -> RLE:
    """Encode a mask inside a rectangle as an RLE of the whole image.

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

    Example:
        >>> encode_rle(np.ones((2, 2), dtype=bool), (1, 0, 3, 2), 2, 4)
        {'size': [2, 4], 'counts': '242'}
    """
    return encode_rles([mask], np.array([rect]), height, width)[0]


def encode_rles(
    masks: Sequence[np.ndarray], rects: np.ndarray, height: int, width: int
) -> list[RLE]:
    """Encode masks inside rectangles as RLEs of the whole image.

    The runs of all masks are found at once and inside their rectangles, so
    time and memory depend on the rectangles and not on the image. The result
    is byte for byte that of pycocotools for masks of the whole image.

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
    return encode_with_boxes(masks, rects, height, width)[0]


def check_inside(rects: np.ndarray, height: int, width: int) -> None:
    """Check that pixel rectangles lie in the image.

    Args:
        rects (np.ndarray): (N, 4) int, x0, y0, x1, y1, half-open.
        height (int): Height of the image in pixels.
        width (int): Width of the image in pixels.

    Raises:
        ValueError: If a rectangle leaves the image.
    """
    for x0, y0, x1, y1 in rects.tolist():
        if not (0 <= x0 <= x1 <= width and 0 <= y0 <= y1 <= height):
            raise ValueError(
                f'rectangle {[x0, y0, x1, y1]} leaves the image '
                f'of {width} x {height} pixels (width x height)'
            )


def encode_with_boxes(
    masks: Sequence[np.ndarray], rects: np.ndarray, height: int, width: int
) -> tuple[list[RLE], np.ndarray]:
    """Encode masks as :func:`encode_rles` does, and find their tight boxes.

    Args:
        masks (Sequence[np.ndarray]): N bool arrays, mask i of shape
            (y1 - y0, x1 - x0) of its rectangle.
        rects (np.ndarray): (N, 4) int, x0, y0, x1, y1, half-open, in pixels
            of the image, inside it.
        height (int): Height of the image in pixels.
        width (int): Width of the image in pixels.

    Returns:
        tuple[list[dict], np.ndarray]: N RLEs, see :func:`encode_rles`; and
        the tight boxes, (N, 4) float64 xyxy, in pixels of the image, four
        zeros for an empty mask.

    Raises:
        ValueError: If a rectangle leaves the image or does not fit its mask.
    """
    rects = np.asarray(rects, dtype=np.int64).reshape(-1, 4)
    check_masks(masks, rects)
    check_inside(rects, height, width)
    if len(masks) == 0:
        return [], np.zeros((0, 4))
    rows, columns, counts = _edges(masks, rects)
    boxes = _edge_boxes(rows, columns, counts)
    # Each mask gets its own range of numbers, from its first pixel to behind
    # its last, so that the edges of all masks can be sorted and subtracted at
    # once.
    area = height * width
    begins = np.arange(len(counts)) * (area + 1)
    places = columns * height + rows
    places += begins.repeat(counts)
    if ((rects[:, 1] == 0) & (rects[:, 3] == height)).any():
        places, counts = _join_columns(places, begins)
    places = np.concatenate([places, begins, begins + area])
    if len(counts) * (area + 1) < 2**31:
        # Sorting int32 takes half as long.
        places = places.astype(np.int32)
    places.sort()
    runs = (places[1:] - places[:-1]).astype(np.uint32)
    stops = (counts + 2).cumsum() - 1
    starts = stops - counts - 1
    # A mask that reaches the last pixel has no last run of background.
    stops -= (runs[stops - 1] == 0) & (counts > 0)
    size = [height, width]
    rles = coco_mask.frPyObjects(
        [
            dict(size=size, counts=runs[start:stop])
            for start, stop in zip(starts.tolist(), stops.tolist())
        ],
        height,
        width,
    )
    return [
        dict(size=[height, width], counts=rle['counts'].decode('ascii')) for rle in rles
    ], boxes


def _edges(
    masks: Sequence[np.ndarray], rects: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the pixels of masks that differ from the ones above them.

    Args:
        masks (Sequence[np.ndarray]): N bool arrays, N > 0.
        rects (np.ndarray): (N, 4) int64, their rectangles.

    Returns:
        tuple[np.ndarray, np.ndarray, np.ndarray]: Row and column of each edge
        in the image, int64 of shape (E,), mask after mask and row after row
        (a run that ends with row y has an edge in row y + 1); and how many
        edges each mask has, (N,).
    """
    widths = rects[:, 2] - rects[:, 0]
    # One row more than the mask, so that every run of a column has a start and
    # an end.
    ends = ((rects[:, 3] - rects[:, 1] + 1) * widths).cumsum()
    starts = np.zeros_like(ends)
    starts[1:] = ends[:-1]
    differs = np.zeros(int(ends[-1]), dtype=bool)
    for mask, start, end in zip(masks, starts.tolist(), ends.tolist()):
        if mask.size:
            block = differs[start:end].reshape(-1, mask.shape[1])
            block[0], block[-1] = mask[0], mask[-1]
            np.not_equal(mask[1:], mask[:-1], out=block[1:-1])
    found = differs.nonzero()[0]
    upto = found.searchsorted(ends)
    counts = upto.copy()
    counts[1:] -= upto[:-1]
    found -= starts.repeat(counts)
    rows, columns = np.divmod(found, widths.repeat(counts))
    rows += rects[:, 1].repeat(counts)
    columns += rects[:, 0].repeat(counts)
    return rows, columns, counts


def _edge_boxes(
    rows: np.ndarray, columns: np.ndarray, counts: np.ndarray
) -> np.ndarray:
    """Tight boxes of masks from their :func:`_edges`.

    Args:
        rows (np.ndarray): (E,) int64, ascending within a mask.
        columns (np.ndarray): (E,) int64.
        counts (np.ndarray): (N,) int64, edges of each mask.

    Returns:
        np.ndarray: (N, 4) float64 xyxy, four zeros for a mask without edges.
    """
    boxes = np.zeros((len(counts), 4))
    filled = counts > 0
    if filled.any():
        stops = counts.cumsum()[filled]
        starts = stops - counts[filled]
        boxes[filled] = np.stack(
            [
                np.minimum.reduceat(columns, starts),
                rows[starts],
                np.maximum.reduceat(columns, starts) + 1,
                rows[stops - 1],
            ],
            1,
        )
    return boxes


def _join_columns(
    places: np.ndarray, begins: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Join a run that ends a column with one that begins the next column.

    In COCO's encoding a run continues from column to column, so the end of
    the first and the start of the second are no edges.

    Args:
        places (np.ndarray): (E,) edges, those of each mask in its own range.
        begins (np.ndarray): (N,) starts of the ranges.

    Returns:
        tuple[np.ndarray, np.ndarray]: The remaining edges, sorted, and how
        many of them each mask has, (N,).
    """
    places = np.sort(places)
    met = np.flatnonzero(places[1:] == places[:-1])
    places = np.delete(places, np.concatenate([met, met + 1]))
    starts = np.searchsorted(places, begins)
    return places, np.diff(starts, append=len(places))


def decode_rle(rle: RLE) -> np.ndarray:
    """Decode a compressed RLE to a mask of the whole image.

    Args:
        rle (dict): ``size`` [height, width] and ``counts`` (str).

    Returns:
        np.ndarray: (height, width) bool.
    """
    return coco_mask.decode(rle).astype(bool)


def rle_union(rles: Sequence[RLE]) -> np.ndarray:
    """The union of masks.

    Args:
        rles (Sequence[dict]): One or more compressed RLEs, all of the same
            size.

    Returns:
        np.ndarray: (height, width) bool.
    """
    return decode_rle(coco_mask.merge(list(rles)))


def rle_area(rle: RLE) -> int:
    """Area of a compressed RLE.

    Args:
        rle (dict): ``size`` [height, width] and ``counts`` (str).

    Returns:
        int: Number of pixels of the mask.
    """
    return int(coco_mask.area(rle))


def rle_box(rle: RLE) -> list[float]:
    """The tight box of a compressed RLE.

    Args:
        rle (dict): ``size`` [height, width] and ``counts`` (str).

    Returns:
        list[float]: x, y, width, height in pixels; four zeros for an empty
        mask.
    """
    # pycocotools would return a box outside the image for an empty mask.
    return coco_mask.toBbox(rle).tolist() if rle_area(rle) else [0.0] * 4


def rle_length(counts: str) -> int:
    """Number of pixels that the runs of a compressed RLE cover.

    It must be checked before decoding: if runs are missing, pycocotools
    returns uninitialised memory for the rest of the mask.

    Args:
        counts (str): Counts of a compressed RLE. Each is the difference from
            the count before the last, in groups of five bits, lowest first. A
            sixth bit is set if more groups follow.

    Returns:
        int: Sum of the runs; height * width if the RLE is complete.

    Raises:
        ValueError: If the counts end within a number, or a run has a length
            below 0.
    """
    runs: list[int] = []
    value = shift = 0
    for code in counts.encode('latin-1', 'replace'):
        value |= (code - 48 & 0x1F) << shift
        shift += 5
        if code - 48 & 0x20:
            continue
        if code - 48 & 0x10:
            value -= 1 << shift
        if len(runs) > 2:
            value += runs[-2]
        if value < 0:
            raise ValueError('a run of the RLE has a length below 0')
        runs.append(value)
        value = shift = 0
    if shift:
        raise ValueError('the RLE is cut short')
    return sum(runs)


def to_rle(segmentation: list[list] | RLE, height: int, width: int) -> RLE:
    """Convert a COCO ``segmentation`` of any kind to a compressed RLE.

    Args:
        segmentation (list[list[float]] | dict): Polygons, each x, y, x, y, ...
            in pixels; an empty list is an empty mask. Or an RLE, whose counts
            are a list or compressed; a compressed one is returned as it is.
        height (int): Height of the image in pixels.
        width (int): Width of the image in pixels.

    Returns:
        dict: ``size`` [height, width] and ``counts`` (str), compressed.
    """
    if not segmentation:
        nothing = np.zeros((0, 0), dtype=bool)
        return encode_rle(nothing, (0, 0, 0, 0), height, width)
    if isinstance(segmentation, list):
        rle = coco_mask.merge(coco_mask.frPyObjects(segmentation, height, width))
    elif isinstance(segmentation['counts'], list):
        rle = coco_mask.frPyObjects(segmentation, height, width)
    else:
        return segmentation
    # pycocotools returns bytes, which json can't write.
    return dict(size=rle['size'], counts=rle['counts'].decode('ascii'))
