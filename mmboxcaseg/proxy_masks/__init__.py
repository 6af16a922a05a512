"""Proxy masks: merge, agreement, RLE and the shards on disk.

NumPy, OpenCV and pycocotools only: no model, no runner, no torch.
"""
from mmboxcaseg.annotations.legacy import (check_coco, check_file_names, is_crowd,
                                         load_coco, scored_annotations,
                                         select_categories, select_images,
                                         unusable_annotations)
from mmboxcaseg.masks import (agreement, clip_boxes, decode_rle, encode_rle,
                              encode_rles, merge, merge_and_score,
                              merged_confidence, pixel_rects, proxy_rles,
                              rle_area, tight_boxes, to_polygons, to_rle,
                              usable_boxes)
from mmboxcaseg.progress import Progress
from .join import SCORES, ShardReader, join_shards, joined_settings
from .lock import lock_shards
from .report import BadInputError, JoinReport, describe_skips, report_path
from .shards import (ShardWriter, check_settings, done_image_ids,
                     first_skipped, prepare_shards, remove_joined,
                     remove_shards, shard_dir, write_json)

__all__ = [
    'SCORES', 'agreement', 'merge_and_score', 'merged_confidence',
    'proxy_rles', 'tight_boxes', 'check_coco', 'check_file_names', 'is_crowd',
    'load_coco', 'scored_annotations', 'select_categories', 'select_images',
    'unusable_annotations', 'ShardReader', 'join_shards', 'joined_settings',
    'lock_shards', 'merge', 'to_polygons', 'Progress', 'clip_boxes',
    'pixel_rects', 'usable_boxes', 'BadInputError', 'JoinReport',
    'describe_skips', 'report_path', 'decode_rle', 'encode_rle', 'encode_rles',
    'rle_area', 'ShardWriter', 'check_settings', 'done_image_ids',
    'first_skipped', 'prepare_shards', 'remove_joined', 'remove_shards',
    'shard_dir', 'to_rle', 'write_json'
]
