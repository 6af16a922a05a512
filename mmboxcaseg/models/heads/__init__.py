from .segmentation_head import SegmentationHead
from .transferred_head import TransferredHead, WeightTransfer

__all__ = ['SegmentationHead', 'TransferredHead', 'WeightTransfer']
