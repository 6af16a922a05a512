from .box_patch import BoxPatchDataset
from .box_prompt import BoxPromptDataset
from .joint_patch import JointPatchDataset
from .overlap_sampling import OverlapMultiSourceSampler, max_overlaps
from .photo_sampling import PhotoMultiSourceSampler
from .proxy_mask_dataset import ProxyMaskDataset
from .salient_object import SalientObjectDataset
from .transforms import *  # noqa: F401,F403

__all__ = [
    'BoxPatchDataset', 'BoxPromptDataset', 'JointPatchDataset',
    'OverlapMultiSourceSampler', 'max_overlaps', 'PhotoMultiSourceSampler',
    'ProxyMaskDataset', 'SalientObjectDataset'
]
