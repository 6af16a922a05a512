"""Proxy masks: merge, agreement, RLE and the shards on disk.

NumPy and pycocotools only: no model, no runner, no torch.
"""
from .rects import clip_boxes, pixel_rects, usable_boxes

__all__ = ['clip_boxes', 'pixel_rects', 'usable_boxes']
