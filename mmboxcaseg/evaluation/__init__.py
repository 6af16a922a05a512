from .instance_iou import (SIZES, boundary_width, inner_boundary,
                           rect_boundary_iou, rect_mask_iou, summarize_by_size,
                           summarize_ious)
from .metrics import *  # noqa: F401, F403
from .voc_instance_ap import (average_precision, match_detections, score_image,
                              summarize_ap)

__all__ = [
    'SIZES', 'average_precision', 'boundary_width', 'inner_boundary',
    'match_detections', 'rect_boundary_iou', 'rect_mask_iou', 'score_image',
    'summarize_ap', 'summarize_by_size', 'summarize_ious'
]
