"""Packing training patches for the model."""

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
    """A faster ``mmseg.PackSegInputs`` for patches.

    Apart from decoding, most of the time of a patch went into making the
    channels contiguous. OpenCV does this faster than NumPy and torch,
    especially for a flipped image.

    Required keys: ``img`` (H, W, C) and ``gt_seg_map`` (H, W). The result has
    ``inputs``, a tensor (C, H, W) of the image's type, and ``data_samples``, a
    ``SegDataSample`` with ``gt_sem_seg``, (1, H, W) int64.

    Args:
        meta_keys (Sequence[str]): Keys that become meta information of the
            sample, if they exist. Defaults to ``('img_path', 'ori_shape',
            'img_shape', 'supervision')``.
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
        """Pack a patch.

        Args:
            results (dict): Results of the pipeline.

        Returns:
            dict: ``inputs`` and ``data_samples``, see the class.
        """
        img = results['img']
        if img.strides[1] < 0:
            # The image is a flipped view, which OpenCV would copy slowly.
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
