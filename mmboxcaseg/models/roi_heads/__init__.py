from .extra_class_bbox_head import ExtraClassBBoxHead, without_classes
from .message_passing import pass_messages
from .shapeprop_head import ShapePropHead
from .shapeprop_roi_head import ShapePropRoIHead

__all__ = [
    'ExtraClassBBoxHead',
    'ShapePropHead',
    'ShapePropRoIHead',
    'pass_messages',
    'without_classes',
]
