"""Masks as polygons, for tools that read no RLE."""

import numpy as np

from .rings import edge_rings, simplify
from .rle import RLE, decode_rle, rle_area, to_rle


def to_segmentation(
    rle: RLE, polygons: bool, distance: float = 0
) -> tuple[RLE | list, int]:
    """Convert a mask to the ``segmentation`` and ``area`` of a COCO json.

    Args:
        rle (dict): Compressed RLE of the mask, of the image's size.
        polygons (bool): Whether the mask becomes polygons. An empty mask
            stays an RLE, since no polygon is empty.
        distance (float): Largest distance of the polygons from the mask's
            outline, in pixels. Defaults to 0.

    Returns:
        tuple[dict | list[list[float]], int]: The RLE or the polygons, and the
        area in pixels. Polygons fill holes; the area includes them then.
    """
    area = rle_area(rle)
    if not polygons or not area:
        return rle, area
    outlines = to_polygons(rle, distance)
    return outlines, rle_area(to_rle(outlines, *rle['size']))


def to_polygons(rle: RLE, distance: float = 0) -> list[list[float]]:
    """Trace the outlines of a mask's parts along the edges of its pixels.

    Drawn by pycocotools, the polygons reproduce the mask exactly, except that
    holes are filled: COCO's polygons can't have any.

    Args:
        rle (dict): Compressed RLE of a mask that is not empty: ``size``
            [height, width] and ``counts`` (str).
        distance (float): Largest distance of a polygon from the outline, in
            pixels. The larger it is, the fewer points a polygon has. Defaults
            to 0.

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
