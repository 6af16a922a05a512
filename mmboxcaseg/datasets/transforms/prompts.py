"""Transforms that make prompts: one image with the crops of its boxes."""

from collections.abc import Sequence

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.structures import InstanceData
from mmseg.structures import SegDataSample

from mmboxcaseg.masks import to_rle
from mmboxcaseg.prediction.crops import check_crop_options, crop_boxes
from mmboxcaseg.registry import TRANSFORMS

from ..photo_size import check_photo_size


@TRANSFORMS.register_module()
class CropBoxes(BaseTransform):
    """Crop exactly the ground-truth boxes and resize them to squares.

    Required keys: ``img``, ``boxes``; ``height`` and ``width`` are compared
    with the photo where they are there. Added: ``rects`` (N, 4), the pixel
    rectangle of each box, in which its mask will lie, and ``crops``
    (N * M, size, size, 3), uint8, M crops a box. If there are other margins
    than 0 also ``windows`` (N, M, 4), where the rectangle lies in each of its
    crops, x0, y0, x1, y1 as parts of the crop's width and height.

    Args:
        size (int): Side of the crops in pixels. Defaults to 320.
        margins (Sequence[float]): How much of the photo is shown on each side
            of the box, as parts of its width and height: a crop for each
            margin, whose probabilities are averaged. A crop ends where the
            photo does. Defaults to (0, ), as in the paper.
        grow (float): How much larger than the box its rectangle is on each
            side, as a part of the box's width and height: for boxes that may
            cut their object, whose mask can then reach beyond them. Defaults
            to 0.

    Raises:
        ValueError: If there are no margins, or one of them or ``grow`` is
            negative.
    """

    def __init__(
        self, size: int = 320, margins: Sequence[float] = (0,), grow: float = 0
    ) -> None:
        check_crop_options(margins, grow)
        self.size = size
        self.grow = grow
        self.margins = np.asarray(margins, dtype=np.float64)

    def transform(self, results: dict) -> dict:
        """Crop and resize, see the class.

        Raises:
            BadInputError: If the photo's size is not the one announced.
        """
        check_photo_size(results)
        found = crop_boxes(
            results['img'], results['boxes'], self.size, self.margins, self.grow
        )
        results['rects'] = found.rects
        results['crops'] = found.crops
        if found.windows is not None:
            results['windows'] = found.windows
        return results


@TRANSFORMS.register_module()
class PackBoxPrompts(BaseTransform):
    """Pack what :class:`BoxCaseg` and those who use its masks need.

    Required keys: ``crops``, ``rects``, ``boxes``, ``ori_shape``; ``windows``,
    ``labels``, ``ann_ids`` and ``segmentations`` where they are there.

    The result has ``inputs``, a uint8 tensor (N * M, 3, S, S), and
    ``data_samples`` with ``prompt_instances``: ``bboxes`` (N, 4), ``rects``
    (N, 4), ``windows`` (N, M, 4), ``labels``, ``ann_ids`` (a list), and
    ``true_rles``, the true masks as compressed RLE.

    Args:
        meta_keys (tuple[str, ...]): Meta information of the image. Defaults
            to ``('img_id', 'img_path', 'ori_shape')``.
    """

    def __init__(
        self, meta_keys: tuple[str, ...] = ('img_id', 'img_path', 'ori_shape')
    ) -> None:
        self.meta_keys = meta_keys

    def transform(self, results: dict) -> dict:
        """Pack, see the class."""
        prompts = InstanceData(
            bboxes=torch.tensor(results['boxes'], dtype=torch.float64).reshape(-1, 4),
            rects=torch.from_numpy(results['rects']),
        )
        if 'windows' in results:
            prompts.windows = torch.from_numpy(results['windows'])
        if 'labels' in results:
            prompts.labels = torch.tensor(results['labels'], dtype=torch.int64)
        if 'ann_ids' in results:
            # A list: ids may be strings.
            prompts.ann_ids = list(results['ann_ids'])
        if 'segmentations' in results:
            height, width = results['ori_shape']
            prompts.true_rles = [
                to_rle(segmentation, height, width)
                for segmentation in results['segmentations']
            ]
        sample = SegDataSample(
            metainfo={key: results[key] for key in self.meta_keys if key in results}
        )
        if 'used_bits' in results:
            sample.set_metainfo(dict(used_bits=results['used_bits']))
        sample.prompt_instances = prompts
        crops = np.ascontiguousarray(results['crops'].transpose(0, 3, 1, 2))
        return dict(inputs=torch.from_numpy(crops), data_samples=sample)
