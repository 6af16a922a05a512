"""Transforms of the pipelines of all stages."""

from .box_masks import BoxesAsMasks
from .ignored_masks import MarkIgnoredMasks, PackProxyDetInputs
from .load_photo import LoadPhoto, UprightPhoto
from .looks import RandomLook
from .mask_weights import decode_weights, encode_weights
from .pack_patch import PackPatch
from .paste_objects import PasteSalientObjects
from .patches import LoadSalientMask, RandomBoxPatch, RandomObjectPatch
from .photo_patches import LoadBoxPatch, decode_factor
from .prompts import CropBoxes, PackBoxPrompts
from .salient_instance import LoadSalientInstance

__all__ = [
    'BoxesAsMasks',
    'CropBoxes',
    'LoadSalientInstance',
    'LoadSalientMask',
    'MarkIgnoredMasks',
    'LoadBoxPatch',
    'LoadPhoto',
    'PackBoxPrompts',
    'PackPatch',
    'PackProxyDetInputs',
    'PasteSalientObjects',
    'RandomBoxPatch',
    'RandomLook',
    'RandomObjectPatch',
    'UprightPhoto',
    'decode_factor',
    'decode_weights',
    'encode_weights',
]
