"""Drawing of masks, boxes and results, without a display.

All images are RGB, uint8, shape (H, W, 3).
"""

from mmboxcaseg.deprecation import moved_names

from .batches import batch_sheet, denormalize
from .colors import BOX, IGNORED, MASK, PALETTE, TRUTH, color_of
from .drawing import (
    draw_box,
    draw_hatched_mask,
    draw_mask,
    fit,
    resize_image,
    resize_mask,
)
from .instances import draw_instances, draw_labels, place_labels
from .mask_file import MaskView, image_picture, mask_picture, mask_view
from .photos import read_photo
from .pictures import (
    Instances,
    comparison_row,
    detection_pictures,
    in_rows,
    patch_picture,
    proxy_picture,
    training_picture,
)
from .sheet import Cell, make_sheet, swatch, write_png
from .text import (
    draw_text,
    rounded_down,
    score_legend,
    score_text,
    shorten,
    text_size,
    text_strip,
    wrap,
)

__all__ = [
    'BOX',
    'Cell',
    'IGNORED',
    'Instances',
    'MASK',
    'MaskView',
    'PALETTE',
    'TRUTH',
    'batch_sheet',
    'color_of',
    'comparison_row',
    'denormalize',
    'detection_pictures',
    'draw_box',
    'draw_hatched_mask',
    'draw_instances',
    'draw_labels',
    'draw_mask',
    'draw_text',
    'fit',
    'image_picture',
    'in_rows',
    'make_sheet',
    'mask_picture',
    'mask_view',
    'patch_picture',
    'place_labels',
    'proxy_picture',
    'read_photo',
    'resize_image',
    'resize_mask',
    'rounded_down',
    'score_legend',
    'score_text',
    'shorten',
    'swatch',
    'text_size',
    'text_strip',
    'training_picture',
    'wrap',
    'write_png',
]

__getattr__ = moved_names(__name__, dict(DROPPED='mmboxcaseg.visualization:IGNORED'))
