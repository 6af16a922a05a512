"""A training of one's own: options, photos kept aside, its folder, its verdict.

No model, no runner, no torch.
"""

from .boxes import (
    FEW,
    LEAST,
    TrainingBoxes,
    salient_folders,
    training_boxes,
    write_training_boxes,
)
from .folder import TrainingFolder
from .options import SIZES, DetectorOptions, TrainOptions
from .split import keep_aside
from .verdict import Verdict, judge

__all__ = [
    'DetectorOptions',
    'FEW',
    'LEAST',
    'SIZES',
    'TrainOptions',
    'TrainingBoxes',
    'TrainingFolder',
    'Verdict',
    'judge',
    'keep_aside',
    'salient_folders',
    'training_boxes',
    'write_training_boxes',
]
