"""Masks as polygons, for tools that read nothing else."""

import numpy as np

from .rings import edge_rings, simplify
from .rle import RLE, decode_rle, rle_area, to_rle


def to_segmentation(
    rle: RLE, polygons: bool, distance: float = 0
) -> tuple[RLE | list, int]:
    """A mask as ``segmentation`` of a COCO json, and its area.

    Args:
        rle (dict): Compressed RLE of the image's size.
        polygons (bool): Whether as polygons. An empty mask stays an RLE, for
            no polygon can say that there is nothing.
        distance (float): How far polygons may be from the mask's outline, in
            pixels. Defaults to 0.

    Returns:
        tuple[dict | list[list[float]], int]: The RLE or the polygons, and the
        area in pixels; polygons fill the holes, and the area goes with them.
    """
    area = rle_area(rle)
    if not polygons or not area:
        return rle, area
    outlines = to_polygons(rle, distance)
    return outlines, rle_area(to_rle(outlines, *rle['size']))


def to_polygons(rle: RLE, distance: float = 0) -> list[list[float]]:
    """The outlines of a mask's parts, along the edges of its pixels.

    Drawn by pycocotools, they give the mask back to the pixel, but for its
    holes: a COCO polygon can't have any, so they are filled.

    Args:
        rle (dict): ``size`` [height, width] and ``counts`` (str); not empty.
        distance (float): How far a polygon may be from the outline, in
            pixels, to have fewer points. Defaults to 0.

    Returns:
        list[list[float]]: A polygon for each part, x, y, x, y, ... in pixels
        of the image.
    """
    mask = decode_rle(rle)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    top, left = rows[0], columns[0]
    rings = edge_rings(mask[top : rows[-1] + 1, left : columns[-1] + 1])
    if distance:
        rings = [simplify(ring, distance) for ring in rings]
    return [(ring + (left, top)).ravel().tolist() for ring in rings]
