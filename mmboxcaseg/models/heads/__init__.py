from .resized_conv import conv_of_resized
from .segmentation_head import SegmentationHead
from .transferred_head import ProducedHead, TransferredHead, WeightTransfer

__all__ = [
    'ProducedHead',
    'SegmentationHead',
    'TransferredHead',
    'WeightTransfer',
    'conv_of_resized',
]
