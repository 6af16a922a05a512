from .instance_iou import rect_mask_iou, summarize_ious
from .metrics import *  # noqa: F401, F403

__all__ = ['rect_mask_iou', 'summarize_ious']
