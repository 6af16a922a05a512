from .bbtp_mask_head import BBTPMaskHead, boxes_on_rois
from .proxy_fcn_mask_head import ProxyFCNMaskHead

__all__ = ['BBTPMaskHead', 'ProxyFCNMaskHead', 'boxes_on_rois']
