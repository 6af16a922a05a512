"""COCO's compressed run-length encoding, straight from a pixel rectangle."""
from typing import Dict, List, Sequence, Union

import numpy as np
from pycocotools import mask as coco_mask

RLE = Dict[str, Union[List[int], str]]


def encode_rle(mask: np.ndarray, rect: Sequence[int], height: int,
               width: int) -> RLE:
    """Encode a mask held in a rectangle as if it lay on the full canvas.

    The run lengths are worked out inside the rectangle, so time and memory
    follow the rectangle and not the image. The result is byte for byte
    pycocotools' encoding of the full canvas.

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
    x0, y0, x1, y1 = (int(side) for side in rect)
    if not (0 <= x0 <= x1 <= width and 0 <= y0 <= y1 <= height):
        raise ValueError(f'rectangle {[x0, y0, x1, y1]} leaves the image of '
                         f'{width} x {height} pixels (width x height)')
    if mask.shape != (y1 - y0, x1 - x0):
        raise ValueError(f'mask of shape {mask.shape} does not fit rectangle '
                         f'{[x0, y0, x1, y1]}')
    # COCO counts down the columns; a frame of zeros above and below gives
    # every run inside a column its start and its end.
    framed = np.zeros((x1 - x0, y1 - y0 + 2), dtype=np.int8)
    framed[:, 1:-1] = mask.T
    column, row = np.nonzero(np.diff(framed, axis=1))
    edges = (x0 + column.astype(np.int64)) * height + (y0 + row)
    # starts and ends alternate: edges[0::2] and edges[1::2]. Where a run ends
    # at the foot of the image and the next starts at the head of the next
    # column the two are one run.
    joined = np.flatnonzero(edges[1:-1:2] == edges[2::2])
    edges = np.delete(edges, np.concatenate([2 * joined + 1, 2 * joined + 2]))
    total = height * width
    if edges.size == 0 or edges[-1] != total:
        edges = np.append(edges, total)
    counts = np.diff(edges, prepend=0)
    rle = coco_mask.frPyObjects(
        dict(size=[height, width], counts=counts.tolist()), height, width)
    return dict(size=[height, width], counts=rle['counts'].decode('ascii'))


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
            in pixels, or an RLE with its counts as a list or compressed; a
            compressed one is returned as it is.
        height (int): Height of the image in pixels.
        width (int): Width of the image in pixels.

    Returns:
        dict: ``size`` [height, width] and ``counts``, compressed.
    """
    if isinstance(segmentation, list):
        return coco_mask.merge(
            coco_mask.frPyObjects(segmentation, height, width))
    if isinstance(segmentation['counts'], list):
        return coco_mask.frPyObjects(segmentation, height, width)
    return segmentation
