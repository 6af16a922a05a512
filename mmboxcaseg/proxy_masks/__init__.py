"""Runs that make proxy masks and can be killed and resumed.

A run writes its results to shards on disk, holds a lock on them, and joins
them into one file at the end. Nothing here imports torch: of the models, only
exported ones are run here.
"""

from mmboxcaseg.annotations.output import check_output
from mmboxcaseg.deprecation import moved_names

from .jobs import Part, run_parts
from .join import join_shards, joined_settings
from .lock import lock_shards
from .mask_writer import MaskWriter
from .onnx_maker import OnnxMaker
from .options import MaskOptions
from .report import JoinReport, SkippedBox, SkippedImage, report_path
from .run import Maker, Run, process_rank
from .shard_reader import ShardReader
from .shards import (
    ShardWriter,
    check_settings,
    done_image_ids,
    first_skipped,
    prepare_shards,
    remove_joined,
    remove_shards,
    shard_dir,
    write_json,
)

__all__ = [
    'JoinReport',
    'Maker',
    'MaskOptions',
    'MaskWriter',
    'OnnxMaker',
    'Part',
    'Run',
    'ShardReader',
    'ShardWriter',
    'SkippedBox',
    'SkippedImage',
    'check_output',
    'check_settings',
    'done_image_ids',
    'first_skipped',
    'join_shards',
    'joined_settings',
    'lock_shards',
    'prepare_shards',
    'process_rank',
    'remove_joined',
    'remove_shards',
    'report_path',
    'run_parts',
    'shard_dir',
    'write_json',
]

_MASKS = (
    'agreement',
    'clip_boxes',
    'decode_rle',
    'encode_rle',
    'encode_rles',
    'merge',
    'merge_and_score',
    'merged_confidence',
    'pixel_rects',
    'proxy_rles',
    'rle_area',
    'tight_boxes',
    'to_polygons',
    'to_rle',
    'usable_boxes',
)

__getattr__ = moved_names(
    __name__,
    {
        **dict.fromkeys(_MASKS, 'mmboxcaseg.masks'),
        'SCORES': 'mmboxcaseg.annotations',
        'BadInputError': 'mmboxcaseg.annotations',
        'load_coco': 'mmboxcaseg.annotations.coco',
        'is_crowd': 'mmboxcaseg.annotations.coco',
        'Progress': 'mmboxcaseg.progress',
    },
)
