from .segmentation_head import SegmentationHead
from .transferred_head import ProducedHead, TransferredHead, WeightTransfer

__all__ = [
    'ProducedHead', 'SegmentationHead', 'TransferredHead', 'WeightTransfer'
]
