from .box_masks import BoxesAsMasks
from .ignored_masks import (
    MarkIgnoredMasks,
    PackProxyDetInputs,
    decode_weights,
    encode_weights,
)
from .load_photo import LoadPhoto, UprightPhoto
from .looks import RandomLook
from .pack_patch import PackPatch
from .patches import LoadSalientMask, RandomBoxPatch, RandomObjectPatch
from .photo_patches import LoadBoxPatch, decode_factor
from .prompts import CropBoxes, PackBoxPrompts

__all__ = [
    'BoxesAsMasks',
    'CropBoxes',
    'LoadSalientMask',
    'MarkIgnoredMasks',
    'LoadBoxPatch',
    'LoadPhoto',
    'PackBoxPrompts',
    'PackPatch',
    'PackProxyDetInputs',
    'RandomBoxPatch',
    'RandomLook',
    'RandomObjectPatch',
    'UprightPhoto',
    'decode_factor',
    'decode_weights',
    'encode_weights',
]
