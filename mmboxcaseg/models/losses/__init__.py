from .fused_pixel_loss import (FusedPixelLoss, check_fusion, fused_pixel_loss,
                               fused_probs)
from .mil_loss import MILLoss, mil_loss, tight_box_lines
from .smoothness_loss import PairwiseSmoothnessLoss, pairwise_smoothness

__all__ = [
    'FusedPixelLoss', 'MILLoss', 'PairwiseSmoothnessLoss', 'check_fusion',
    'fused_pixel_loss', 'fused_probs', 'mil_loss', 'pairwise_smoothness',
    'tight_box_lines'
]
