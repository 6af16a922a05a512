from .instance_iou import rect_mask_iou, summarize_ious
from .metrics import *  # noqa: F401, F403
from .voc_instance_ap import (average_precision, match_detections, score_image,
                              summarize_ap)

__all__ = [
    'average_precision', 'match_detections', 'rect_mask_iou', 'score_image',
    'summarize_ap', 'summarize_ious'
]
