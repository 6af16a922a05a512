"""Data sets, samplers and transforms for all stages of the paper."""

from .box_patch import BoxPatchDataset
from .box_prompt import BoxPromptDataset
from .coco_instance import COCOInstanceDataset
from .joint_instance import JointInstanceDataset
from .joint_patch import JointPatchDataset
from .proxy_mask_dataset import ProxyMaskDataset
from .salient_instance import SalientInstanceDataset
from .salient_object import SalientObjectDataset
from .samplers import (
    BlockSampler,
    OverlapMultiSourceSampler,
    PhotoMultiSourceSampler,
    max_overlaps,
)
from .transforms import *  # noqa: F401,F403

__all__ = [
    'BlockSampler',
    'BoxPatchDataset',
    'COCOInstanceDataset',
    'BoxPromptDataset',
    'JointInstanceDataset',
    'JointPatchDataset',
    'OverlapMultiSourceSampler',
    'PhotoMultiSourceSampler',
    'ProxyMaskDataset',
    'SalientInstanceDataset',
    'SalientObjectDataset',
    'max_overlaps',
]
