"""Deprecated: see :mod:`mmboxcaseg.models.segmentors.crop_masks`."""
import warnings
from typing import Any

from mmboxcaseg import masks
from .segmentors import crop_masks

MOVED = dict(
    box_probs=crop_masks,
    masks_in_rects=crop_masks,
    min_max_normalize=crop_masks,
    reaching_threshold=masks)


def __getattr__(name: str) -> Any:
    if name not in MOVED:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    home = MOVED[name]
    warnings.warn(
        f'{__name__}.{name} is deprecated, it has moved to '
        f'{home.__name__}.{name}',
        DeprecationWarning,
        stacklevel=2)
    return getattr(home, name)
