"""Reports on proxy masks: an HTML page, and its charts as PNGs."""

from .gallery import GROUPS, Card, Group, choose
from .masks import ReportMasks, report_masks
from .numbers import (
    PAPER_IGNORED,
    Band,
    ClassRow,
    ReportNumbers,
    ScoreNumbers,
    class_rows,
    histogram,
    iou_bands,
    report_numbers,
    share_ignored,
)
from .page import Tile
from .review import DEFAULT_NUM, Review, ReviewCard, choose_review, make_review
from .write import write_report

__all__ = [
    'Band',
    'Card',
    'ClassRow',
    'DEFAULT_NUM',
    'GROUPS',
    'Group',
    'PAPER_IGNORED',
    'ReportMasks',
    'ReportNumbers',
    'Review',
    'ReviewCard',
    'ScoreNumbers',
    'Tile',
    'choose',
    'choose_review',
    'class_rows',
    'histogram',
    'iou_bands',
    'make_review',
    'report_masks',
    'report_numbers',
    'share_ignored',
    'write_report',
]
