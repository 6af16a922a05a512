"""What people bring and take away: boxes and masks in files.

A file is read and checked once, into a :class:`BoxFile` or a
:class:`MaskFile`. No model, no torch.
"""
from .box_file import BadInputError, BoxFile, SkippedFile
from .coco import check_file_names, read_coco
from .decisions import (Decision, Decisions, apply_decisions, fingerprint,
                        read_decisions, with_decisions)
from .mask_file import (KEPT, REVIEW, REVIEWS, SCORES, SOURCE, MaskFile,
                        read_masks, read_proxy_masks)
from .read import FORMATS, find_format, read_boxes
from .resolve import PhotoFinder

__all__ = [
    'BadInputError', 'BoxFile', 'Decision', 'Decisions', 'FORMATS', 'KEPT',
    'MaskFile', 'PhotoFinder', 'REVIEW', 'REVIEWS', 'SCORES', 'SOURCE',
    'SkippedFile', 'apply_decisions', 'check_file_names', 'find_format',
    'fingerprint', 'read_boxes', 'read_coco', 'read_decisions', 'read_masks',
    'read_proxy_masks', 'with_decisions'
]
