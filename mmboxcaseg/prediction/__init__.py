"""Prediction: from a photo and its boxes, through a network, to masks.

It uses only NumPy and OpenCV. Whether PyTorch or an exported model computes
the probabilities, everything around the network is this code.
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
