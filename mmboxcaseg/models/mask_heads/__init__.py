from .bbtp_mask_head import BBTPMaskHead, boxes_on_rois
from .proxy_fcn_mask_head import ProxyFCNMaskHead, valid_rois
from .shapeprop_mask_head import ShapePropMaskHead

__all__ = [
    'BBTPMaskHead',
    'ProxyFCNMaskHead',
    'ShapePropMaskHead',
    'boxes_on_rois',
    'valid_rois',
]
