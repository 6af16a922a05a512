from .color_pairs_loss import ColorPairsLoss, color_pairs_loss, rgb_to_lab
from .fused_pixel_loss import (
    FusedPixelLoss,
    check_fusion,
    fused_pixel_loss,
    fused_probs,
)
from .mil_loss import MILLoss, mil_loss, tight_box_lines
from .smoothness_loss import PairwiseSmoothnessLoss, pairwise_smoothness

__all__ = [
    'ColorPairsLoss',
    'FusedPixelLoss',
    'MILLoss',
    'PairwiseSmoothnessLoss',
    'check_fusion',
    'color_pairs_loss',
    'fused_pixel_loss',
    'fused_probs',
    'mil_loss',
    'pairwise_smoothness',
    'rgb_to_lab',
    'tight_box_lines',
]
