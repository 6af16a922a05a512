"""A run that survives: shards on disk, their lock, the file they become.

No model, no runner, no torch.
"""
from .join import ShardReader, join_shards, joined_settings
from .lock import lock_shards
from .report import JoinReport, SkippedBox, SkippedImage, report_path
from .shards import (ShardWriter, check_settings, done_image_ids,
                     first_skipped, prepare_shards, remove_joined,
                     remove_shards, shard_dir, write_json)

__all__ = [
    'JoinReport', 'ShardReader', 'ShardWriter', 'SkippedBox', 'SkippedImage',
    'check_settings', 'done_image_ids', 'first_skipped', 'join_shards',
    'joined_settings', 'lock_shards', 'prepare_shards', 'remove_joined',
    'remove_shards', 'report_path', 'shard_dir', 'write_json'
]
