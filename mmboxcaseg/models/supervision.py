"""What the samples of a batch are supervised by."""

from collections.abc import Sequence

import torch
from mmseg.structures import SegDataSample
from torch import Tensor


def masked_samples(samples: Sequence[SegDataSample]) -> Tensor:
    """Find the samples that learn from a mask.

    Args:
        samples (Sequence[SegDataSample]): B data samples with the meta key
            ``supervision``, ``'box'`` or ``'mask'``.

    Returns:
        Tensor: (B,) bool on the CPU, True for samples with a mask.

    Raises:
        ValueError: If ``supervision`` of a sample is missing or has another value.
    """
    return torch.tensor([_supervision(sample) == 'mask' for sample in samples])


def _supervision(sample: SegDataSample) -> str:
    supervision = sample.metainfo.get('supervision')
    if supervision not in ('box', 'mask'):
        raise ValueError(
            f"{sample.metainfo.get('img_path')}: the meta key 'supervision' "
            f"must be 'box' or 'mask', but is {supervision!r}; list it in "
            'the meta_keys of PackPatch'
        )
    return supervision
