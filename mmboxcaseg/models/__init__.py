from importlib.util import find_spec

from .data_preprocessor import BoxCasegDataPreprocessor
from .heads import ProducedHead, SegmentationHead, TransferredHead, WeightTransfer
from .losses import FusedPixelLoss, MILLoss, PairwiseSmoothnessLoss
from .segmentors import BoxCaseg, PredictOptions

__all__ = [
    'BoxCaseg',
    'BoxCasegDataPreprocessor',
    'FusedPixelLoss',
    'MILLoss',
    'PairwiseSmoothnessLoss',
    'PredictOptions',
    'ProducedHead',
    'SegmentationHead',
    'TransferredHead',
    'WeightTransfer',
]

# mmdet's Mask R-CNN can't be imported if mmcv has no compiled ops. BoxCaseg and
# making proxy masks don't need them.
if find_spec('mmcv._ext') is not None:
    from .dense_heads import *  # noqa: F401, F403
    from .mask_heads import *  # noqa: F401, F403
    from .roi_heads import *  # noqa: F401, F403
