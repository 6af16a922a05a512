"""Deprecated: see :mod:`mmboxcaseg.models.segmentors.crop_masks`."""

from mmboxcaseg.deprecation import moved_names

_CROP_MASKS = 'mmboxcaseg.models.segmentors.crop_masks'

__getattr__ = moved_names(
    __name__,
    dict(
        box_probs=_CROP_MASKS,
        masks_in_rects=_CROP_MASKS,
        min_max_normalize=_CROP_MASKS,
        reaching_threshold='mmboxcaseg.masks',
    ),
)
