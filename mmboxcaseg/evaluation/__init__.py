from .instance_iou import SIZES, summarize_by_size, summarize_ious
from .metrics import *  # noqa: F401, F403
from .voc_instance_ap import (average_precision, match_detections, score_image,
                              summarize_ap)

__all__ = [
    'SIZES', 'average_precision', 'match_detections', 'score_image',
    'summarize_ap', 'summarize_by_size', 'summarize_ious'
]
