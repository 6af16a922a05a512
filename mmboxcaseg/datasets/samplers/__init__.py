"""Samplers, which determine the items of a process and their order."""

from .block_sampler import BlockSampler
from .overlap_sampler import OverlapMultiSourceSampler, max_overlaps
from .photo_sampler import PhotoMultiSourceSampler

__all__ = [
    'BlockSampler',
    'OverlapMultiSourceSampler',
    'PhotoMultiSourceSampler',
    'max_overlaps',
]
