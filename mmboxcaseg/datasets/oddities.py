"""What is odd about boxes, in the log of a training."""

import logging

from mmengine.logging import print_log

from mmboxcaseg.annotations import BoxFile
from mmboxcaseg.annotations.findings import find_oddities


def log_oddities(boxes: BoxFile, ann_file: str) -> None:
    """Log what :func:`find_oddities` says, a line each.

    Args:
        boxes (BoxFile): What is trained on.
        ann_file (str): What to call it.
    """
    for finding in find_oddities(boxes):
        said = 'skipped ' if finding.skipped else ''
        print_log(
            f'{ann_file}: {said}{finding.line()}',
            logger='current',
            level=logging.WARNING if finding.skipped else logging.INFO,
        )
