"""Pictures of masks, boxes and results: arrays in, arrays out, no display.

All images are RGB, uint8, of shape (H, W, 3).
"""
from .colors import BOX, DROPPED, MASK, PALETTE, TRUTH, color_of
from .drawing import (draw_box, draw_hatched_mask, draw_mask, fit,
                      resize_image, resize_mask)
from .instances import draw_instances, draw_labels, place_labels
from .pictures import (Instances, comparison_row, detection_pictures, in_rows,
                       patch_picture, proxy_picture, training_picture)
from .sheet import Cell, make_sheet, swatch, write_png
from .text import draw_text, shorten, text_size, text_strip, wrap

__all__ = [
    'BOX', 'DROPPED', 'MASK', 'PALETTE', 'TRUTH', 'color_of', 'draw_box',
    'draw_hatched_mask', 'draw_mask', 'fit', 'resize_image', 'resize_mask',
    'draw_instances', 'draw_labels', 'place_labels', 'Instances',
    'comparison_row', 'detection_pictures', 'in_rows', 'patch_picture',
    'proxy_picture', 'training_picture', 'Cell', 'make_sheet', 'swatch',
    'write_png', 'draw_text', 'shorten', 'text_size', 'text_strip', 'wrap'
]
