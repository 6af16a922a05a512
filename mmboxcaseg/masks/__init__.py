"""Masks as arrays: rectangles, RLE, polygons, merging and scores.

NumPy, OpenCV and pycocotools only: no model, no file, no torch.
"""

from .iou import (
    boundary_width,
    box_rle,
    inner_boundary,
    rect_boundary_iou,
    rect_mask_iou,
    rle_boundary_iou,
    rle_iou,
)
from .merge import Claims, merge, merge_by_probability, take_away
from .outlines import to_outlines
from .parts import count_holes, fill_holes, largest_part
from .polygons import to_polygons, to_segmentation
from .rects import (
    areas,
    clip_boxes,
    covered_shares,
    paired_ious,
    pixel_rects,
    usable_boxes,
)
from .rings import centre_rings, edge_rings, join_rings, simplify
from .rle import (
    RLE,
    decode_rle,
    encode_rle,
    encode_rles,
    rle_area,
    rle_box,
    rle_length,
    rle_union,
    to_rle,
)
from .scores import (
    agreement,
    merge_and_score,
    merged_confidence,
    proxy_rles,
    tight_boxes,
)
from .thresholds import reaching_threshold

__all__ = [
    'Claims',
    'RLE',
    'agreement',
    'areas',
    'boundary_width',
    'box_rle',
    'centre_rings',
    'clip_boxes',
    'count_holes',
    'covered_shares',
    'decode_rle',
    'edge_rings',
    'encode_rle',
    'encode_rles',
    'fill_holes',
    'inner_boundary',
    'join_rings',
    'largest_part',
    'merge',
    'merge_and_score',
    'merge_by_probability',
    'merged_confidence',
    'paired_ious',
    'pixel_rects',
    'proxy_rles',
    'reaching_threshold',
    'rect_boundary_iou',
    'rect_mask_iou',
    'rle_area',
    'rle_boundary_iou',
    'rle_box',
    'rle_iou',
    'rle_length',
    'rle_union',
    'simplify',
    'take_away',
    'tight_boxes',
    'to_outlines',
    'to_polygons',
    'to_rle',
    'to_segmentation',
    'usable_boxes',
]
