"""Training on the user's own boxes: options, data, folder and verdict.

Nothing here needs a model, a runner or torch.
"""

from .boxes import (
    FEW,
    LEAST,
    TrainingBoxes,
    part_of,
    repeats,
    salient_folders,
    training_boxes,
    write_training_boxes,
)
from .folder import TrainingFolder
from .options import DETECTORS, SIZES, DetectorOptions, TrainOptions
from .rounds import (
    LEAST_CONFIDENCE,
    add_masks,
    boxes_of_round,
    masks_of_rounds,
    round_ends,
    validations,
)
from .split import keep_aside
from .verdict import Verdict, judge

__all__ = [
    'DETECTORS',
    'DetectorOptions',
    'FEW',
    'LEAST',
    'LEAST_CONFIDENCE',
    'SIZES',
    'TrainOptions',
    'TrainingBoxes',
    'TrainingFolder',
    'Verdict',
    'add_masks',
    'boxes_of_round',
    'judge',
    'keep_aside',
    'masks_of_rounds',
    'part_of',
    'repeats',
    'round_ends',
    'salient_folders',
    'training_boxes',
    'validations',
    'write_training_boxes',
]
