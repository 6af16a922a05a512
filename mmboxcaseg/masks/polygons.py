"""Masks as polygons, for tools that read nothing else."""

import cv2
import numpy as np

from .rle import RLE, decode_rle, rle_area, to_rle


def to_segmentation(rle: RLE, polygons: bool) -> tuple[RLE | list, int]:
    """A mask as ``segmentation`` of a COCO json, and its area.

    Args:
        rle (dict): Compressed RLE of the image's size.
        polygons (bool): Whether as polygons. An empty mask stays an RLE, for
            no polygon can say that there is nothing.

    Returns:
        tuple[dict | list[list[float]], int]: The RLE or the polygons, and the
        area in pixels; polygons fill the holes, and the area goes with them.
    """
    area = rle_area(rle)
    if not polygons or not area:
        return rle, area
    outlines = to_polygons(rle)
    return outlines, rle_area(to_rle(outlines, *rle['size']))


def to_polygons(rle: RLE) -> list[list[float]]:
    """The outlines of a mask's parts, along the edges of its pixels.

    Drawn by pycocotools, they give the mask back to the pixel, but for its
    holes: a COCO polygon can't have any, so they are filled.

    Args:
        rle (dict): ``size`` [height, width] and ``counts`` (str); not empty.

    Returns:
        list[list[float]]: A polygon for each part, x, y, x, y, ... in pixels
        of the image.
    """
    mask = decode_rle(rle)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    top, left = rows[0], columns[0]
    mask = mask[top:rows[-1] + 1, left:columns[-1] + 1]
    # OpenCV walks through the centres of the border's pixels, which would
    # make the object half a pixel smaller all around. Of a mask of twice the
    # size, the centres round to the edges: columns 2i and 2j + 1 of a run of
    # pixels i..j to i and j + 1.
    double = mask.astype(np.uint8).repeat(2, axis=0).repeat(2, axis=1)
    outlines, _ = cv2.findContours(double, cv2.RETR_EXTERNAL,
                                   cv2.CHAIN_APPROX_NONE)
    return [
        _corners((outline[:, 0] + 1) // 2 + (left, top)).ravel().tolist()
        for outline in outlines
    ]


def _corners(points: np.ndarray) -> np.ndarray:
    """The points of a closed line of small steps at which it turns."""
    points = points[(points != np.roll(points, 1, axis=0)).any(axis=1)]
    before = points - np.roll(points, 1, axis=0)
    after = np.roll(points, -1, axis=0) - points
    return points[(before != after).any(axis=1)].astype(np.float64)
