"""From a photo, its boxes and a network to masks.

NumPy and OpenCV only: whatever computes the probabilities, PyTorch or an
exported model, all around it is the same code.
"""

from .box_masks import BoxMasks, box_masks
from .crops import BoxCrops, crop_boxes
from .network import Network, crop_probs
from .options import PredictOptions

__all__ = [
    'BoxCrops',
    'BoxMasks',
    'Network',
    'PredictOptions',
    'box_masks',
    'crop_boxes',
    'crop_probs',
]
