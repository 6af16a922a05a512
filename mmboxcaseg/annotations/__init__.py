"""What people bring and take away: boxes and masks in files.

A file is read and checked once, into a :class:`BoxFile` or a
:class:`MaskFile`. No model, no torch.
"""
from .box_file import BadInputError, BoxFile, SkippedFile
from .coco import check_file_names, read_coco
from .mask_file import (KEPT, REVIEW, REVIEWS, SCORES, SOURCE, MaskFile,
                        read_masks, read_proxy_masks)
from .read import FORMATS, find_format, read_boxes
from .resolve import PhotoFinder

__all__ = [
    'BadInputError', 'BoxFile', 'FORMATS', 'KEPT', 'MaskFile', 'PhotoFinder',
    'REVIEW', 'REVIEWS', 'SCORES', 'SOURCE', 'SkippedFile', 'check_file_names',
    'find_format', 'read_boxes', 'read_coco', 'read_masks', 'read_proxy_masks'
]
