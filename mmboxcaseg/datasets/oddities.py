"""Logging oddities of boxes before a training."""

import logging

from mmengine.logging import print_log

from mmboxcaseg.annotations import BoxFile
from mmboxcaseg.annotations.findings import find_oddities


def log_oddities(boxes: BoxFile, ann_file: str) -> None:
    """Log each oddity that :func:`find_oddities` finds.

    Args:
        boxes (BoxFile): Boxes of the training set.
        ann_file (str): Path of their file, for messages.
    """
    for finding in find_oddities(boxes):
        said = 'skipped ' if finding.skipped else ''
        print_log(
            f'{ann_file}: {said}{finding.line()}',
            logger='current',
            level=logging.WARNING if finding.skipped else logging.INFO,
        )
