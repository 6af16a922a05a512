"""Transforms that make prompts: an image with the crops of its boxes."""

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
    """Crop the boxes of an image and resize them to squares.

    Required keys: ``img``, ``boxes`` (N boxes as xyxy in pixels); ``height``
    and ``width`` are compared with the photo if they exist. Added: ``rects``
    (N, 4), the pixel rectangle of each box, in which its mask will lie; and
    ``crops``, (N * M, size, size, C) uint8, M crops for each box. If there is
    a margin other than 0, also ``windows`` (N, M, 4), the place of the
    rectangle in each of its crops: x0, y0, x1, y1 as fractions of the crop's
    width and height.

    Args:
        size (int): Side of the crops in pixels. Defaults to 320.
        margins (Sequence[float]): Margins around the box that are shown on
            each side, as fractions of its width and height, 0 or more. There
            is a crop for each margin; their probabilities are averaged. Crops
            are clipped to the photo. Defaults to (0,), as in the paper.
        grow (float): Fraction of the box's width and height by which its
            rectangle is larger on each side, 0 or more. It is meant for boxes
            that may cut off parts of their object. Defaults to 0.
        other_boxes (bool): Whether crops have two further channels with the
            other boxes, see
            :func:`~mmboxcaseg.prediction.other_boxes.other_box_maps`.
            Defaults to False.

    Raises:
        ValueError: If there are no margins, or one of them or ``grow`` is
            negative.
    """

    def __init__(
        self,
        size: int = 320,
        margins: Sequence[float] = (0,),
        grow: float = 0,
        other_boxes: bool = False,
    ) -> None:
        check_crop_options(margins, grow)
        self.size = size
        self.grow = grow
        self.other_boxes = other_boxes
        self.margins = np.asarray(margins, dtype=np.float64)

    def transform(self, results: dict) -> dict:
        """Crop and resize.

        Args:
            results (dict): Results of the pipeline, see the class.

        Returns:
            dict: The results with the crops.

        Raises:
            BadInputError: If the photo differs in size from its annotation.
        """
        check_photo_size(results)
        found = crop_boxes(
            results['img'],
            results['boxes'],
            self.size,
            self.margins,
            self.grow,
            self.other_boxes,
        )
        results['rects'] = found.rects
        results['crops'] = found.crops
        if found.windows is not None:
            results['windows'] = found.windows
        return results


@TRANSFORMS.register_module()
class PackBoxPrompts(BaseTransform):
    """Pack the crops of an image for :class:`BoxCaseg`.

    Required keys: ``crops``, ``rects``, ``boxes``, ``ori_shape``. Optional:
    ``windows``, ``labels``, ``ann_ids``, ``segmentations``.

    The result has ``inputs``, a uint8 tensor (N * M, C, S, S), and
    ``data_samples`` with ``prompt_instances``: ``bboxes`` (N, 4), ``rects``
    (N, 4) and, if their keys exist, ``windows`` (N, M, 4), ``labels`` (N,),
    ``ann_ids`` (a list), and ``true_rles``, the true masks as compressed RLE.

    Args:
        meta_keys (tuple[str, ...]): Keys that become meta information of the
            sample, if they exist. Defaults to ``('img_id', 'img_path',
            'ori_shape')``.
    """

    def __init__(
        self, meta_keys: tuple[str, ...] = ('img_id', 'img_path', 'ori_shape')
    ) -> None:
        self.meta_keys = meta_keys

    def transform(self, results: dict) -> dict:
        """Pack the crops of an image.

        Args:
            results (dict): Results of the pipeline, see the class.

        Returns:
            dict: ``inputs`` and ``data_samples``, see the class.
        """
        prompts = InstanceData(
            bboxes=torch.tensor(results['boxes'], dtype=torch.float64).reshape(-1, 4),
            rects=torch.from_numpy(results['rects']),
        )
        if 'windows' in results:
            prompts.windows = torch.from_numpy(results['windows'])
        if 'labels' in results:
            prompts.labels = torch.tensor(results['labels'], dtype=torch.int64)
        if 'ann_ids' in results:
            # A list, since ids may be strings.
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
