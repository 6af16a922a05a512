"""Reading and writing annotation files: boxes, masks and decisions.

A file is read and checked once, into a :class:`BoxFile` or a
:class:`MaskFile`. Nothing here needs a model or torch.
"""

from .box_file import BadInputError, BoxFile, SkippedFile
from .coco import check_file_names, read_coco
from .decisions import (
    Decision,
    Decisions,
    apply_decisions,
    fingerprint,
    read_decisions,
    with_decisions,
)
from .expected import (
    BoxTraits,
    CalibrationFile,
    box_traits,
    conditions,
    expected_spread,
    mask_traits,
    read_calibration,
)
from .mask_file import (
    EXPECTED_IOU,
    KEPT,
    REVIEW,
    REVIEWS,
    SCORES,
    SOURCE,
    MaskFile,
    read_masks,
    read_proxy_masks,
)
from .read import FORMATS, find_format, read_boxes
from .resolve import PhotoFinder

__all__ = [
    'BadInputError',
    'BoxFile',
    'BoxTraits',
    'CalibrationFile',
    'Decision',
    'Decisions',
    'EXPECTED_IOU',
    'FORMATS',
    'KEPT',
    'MaskFile',
    'PhotoFinder',
    'REVIEW',
    'REVIEWS',
    'SCORES',
    'SOURCE',
    'SkippedFile',
    'apply_decisions',
    'box_traits',
    'check_file_names',
    'conditions',
    'expected_spread',
    'find_format',
    'fingerprint',
    'mask_traits',
    'read_boxes',
    'read_calibration',
    'read_coco',
    'read_decisions',
    'read_masks',
    'read_proxy_masks',
    'with_decisions',
]
