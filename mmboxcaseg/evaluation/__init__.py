"""Evaluation of masks: those of given boxes, and those of detectors.

The metrics for mmengine lie in :mod:`mmboxcaseg.evaluation.metrics`. They are
imported only when one is used, so scoring a file does not import torch.
"""

import warnings
from importlib import import_module

from .accumulator import InstanceIoUs, MaskScoreAccumulator, image_ious, summarize_masks
from .instance_iou import (
    SIZES,
    size_groups,
    spearman,
    summarize_by_size,
    summarize_ious,
)
from .mask_scores import MaskScores, ScoreRow
from .scoring import MaskIoUs, mask_ious
from .voc_instance_ap import (
    ImageMatches,
    average_precision,
    match_detections,
    score_image,
    summarize_ap,
)

METRICS = ('InstanceIoUMetric', 'VOCInstanceMetric')
# Names that moved from here to mmboxcaseg.masks.
MOVED = ('boundary_width', 'inner_boundary', 'rect_boundary_iou', 'rect_mask_iou')

__all__ = [
    *METRICS,
    'ImageMatches',
    'InstanceIoUs',
    'MaskIoUs',
    'MaskScoreAccumulator',
    'MaskScores',
    'SIZES',
    'ScoreRow',
    'average_precision',
    'image_ious',
    'mask_ious',
    'match_detections',
    'score_image',
    'size_groups',
    'spearman',
    'summarize_ap',
    'summarize_by_size',
    'summarize_ious',
    'summarize_masks',
]


def __getattr__(name: str) -> object:
    """The metrics, and names that have moved."""
    if name in METRICS:
        return getattr(import_module('.metrics', __name__), name)
    if name in MOVED:
        warnings.warn(
            f'mmboxcaseg.evaluation.{name} is deprecated: import it from '
            'mmboxcaseg.masks',
            DeprecationWarning,
            stacklevel=2,
        )
        return getattr(import_module('mmboxcaseg.masks'), name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
