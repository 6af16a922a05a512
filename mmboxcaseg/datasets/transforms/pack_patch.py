"""Training patches as the model takes them."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmboxcaseg.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PackPatch(BaseTransform):
    """What ``mmseg.PackSegInputs`` gives of a patch, sooner.

    Of the time of a patch that is left beside decoding, most went into
    putting the channels one after another, which OpenCV does sooner than
    NumPy and torch, above all of a flipped image.

    Required keys: ``img`` (H, W, C), ``gt_seg_map`` (H, W). Gives ``inputs``,
    Tensor (C, H, W) of the image's type, and ``data_samples``,
    ``SegDataSample`` with ``gt_sem_seg``, int64 (1, H, W).

    Args:
        meta_keys (Sequence[str]): Keys whose values become meta information
            of the sample, where they are there. Defaults to ``('img_path',
            'ori_shape', 'img_shape', 'supervision')``.
    """

    def __init__(
        self,
        meta_keys: Sequence[str] = (
            'img_path',
            'ori_shape',
            'img_shape',
            'supervision',
        ),
    ) -> None:
        self.meta_keys = tuple(meta_keys)

    def transform(self, results: dict) -> dict:
        """Pack, see the class."""
        img = results['img']
        if img.strides[1] < 0:
            # A view flipped sideways, of which OpenCV would make a slow copy.
            img = cv2.flip(img[:, ::-1], 1).reshape(img.shape)
        height, width, channels = img.shape
        planes = np.empty((channels, height, width), dtype=img.dtype)
        cv2.split(img, list(planes))
        label = results['gt_seg_map'][None].astype(np.int64)
        sample = SegDataSample(
            metainfo={key: results[key] for key in self.meta_keys if key in results}
        )
        sample.gt_sem_seg = PixelData(data=torch.from_numpy(label))
        return dict(inputs=torch.from_numpy(planes), data_samples=sample)
