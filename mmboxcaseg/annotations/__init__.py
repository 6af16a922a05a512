"""What people bring and take away: boxes and masks in files.

A file is read and checked once, into a :class:`BoxFile` or a
:class:`MaskFile`. No model, no torch.
"""
from .box_file import BadInputError, BoxFile, SkippedFile
from .coco import check_file_names, read_coco
from .mask_file import SCORES, MaskFile, read_masks, read_proxy_masks

__all__ = [
    'BadInputError', 'BoxFile', 'MaskFile', 'SCORES', 'SkippedFile',
    'check_file_names', 'read_coco', 'read_masks', 'read_proxy_masks'
]
