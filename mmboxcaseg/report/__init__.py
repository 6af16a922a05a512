"""Reports on proxy masks: one HTML page to look at, and its charts as PNGs."""
from .gallery import GROUPS, Card, Group, choose
from .masks import ReportMasks, report_masks
from .numbers import (PAPER_IGNORED, Band, ClassRow, ReportNumbers,
                      ScoreNumbers, class_rows, histogram, iou_bands,
                      report_numbers, share_ignored)
from .page import Tile
from .write import write_report

__all__ = [
    'Band', 'Card', 'ClassRow', 'GROUPS', 'Group', 'PAPER_IGNORED',
    'ReportMasks', 'ReportNumbers', 'ScoreNumbers', 'Tile', 'choose',
    'class_rows', 'histogram', 'iou_bands', 'report_masks', 'report_numbers',
    'share_ignored', 'write_report'
]
