"""Proxy masks: merge, agreement, RLE and the shards on disk.

NumPy and pycocotools only: no model, no runner, no torch.
"""
from .agreement import agreement, merge_and_score, tight_boxes
from .coco import (check_coco, is_crowd, load_coco, select_images,
                   unusable_annotations)
from .join import JoinReport, ShardReader, join_shards, joined_settings
from .merge import merge
from .progress import Progress
from .rects import clip_boxes, pixel_rects, usable_boxes
from .rle import decode_rle, encode_rle, rle_area, to_rle
from .shards import (ShardWriter, check_settings, done_image_ids,
                     prepare_shards, remove_shards, shard_dir, write_json)

__all__ = [
    'agreement', 'merge_and_score', 'tight_boxes', 'check_coco', 'is_crowd',
    'load_coco', 'select_images', 'unusable_annotations', 'JoinReport',
    'ShardReader', 'join_shards', 'joined_settings', 'merge', 'Progress',
    'clip_boxes', 'pixel_rects', 'usable_boxes', 'decode_rle', 'encode_rle',
    'rle_area', 'ShardWriter', 'check_settings', 'done_image_ids',
    'prepare_shards', 'remove_shards', 'shard_dir', 'to_rle', 'write_json'
]
