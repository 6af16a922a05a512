"""Masks that are nothing but filled boxes."""

from collections.abc import Iterable

import numpy as np
from mmcv.transforms import BaseTransform
from mmdet.structures.bbox import BaseBoxes
from mmdet.structures.mask import BitmapMasks

from mmboxcaseg.registry import TRANSFORMS

from .mask_weights import encode_weights


def fill_boxes(masks: np.ndarray, boxes: np.ndarray, chosen: Iterable[int]) -> None:
    """Make masks, in place, all the pixels that their boxes touch.

    Args:
        masks (np.ndarray): uint8, (N, height, width); the chosen ones become
            0 or 1 anew.
        boxes (np.ndarray): x1, y1, x2, y2 in pixels of the image, (N, 4);
            what lies outside the image is cut off.
        chosen (Iterable[int]): Which of the N masks.
    """
    x1, y1 = np.floor(boxes[:, :2]).astype(int).clip(min=0).T
    x2, y2 = np.ceil(boxes[:, 2:]).astype(int).clip(min=0).T
    for i in chosen:
        masks[i] = 0
        masks[i, y1[i] : y2[i], x1[i] : x2[i]] = 1


@TRANSFORMS.register_module()
class BoxesAsMasks(BaseTransform):
    """Take the filled box of every object for its mask.

    Place it right after ``mmdet.LoadAnnotations(with_bbox=True)``; masks need
    not be loaded, and if they were they are replaced.

    Required Keys:

    - gt_bboxes
    - img_shape

    - gt_bboxes_labels (with ``weight``)

    Added or Modified Keys:

    - gt_masks (BitmapMasks)
    - gt_bboxes_labels (with ``weight``)

    Args:
        weight (float, optional): Weight of the masks in the mask loss, in
            [0, 1], put on the labels as :class:`MarkIgnoredMasks` does. With
            0 no mask is valid: boxes alone, for a head that learns from valid
            masks beside them. Defaults to None: the full weight.
    """

    def __init__(self, weight: float | None = None) -> None:
        if weight is not None and not 0 <= weight <= 1:
            raise ValueError(f'BoxesAsMasks: weight={weight!r} is not in [0, 1]')
        self.weight = weight

    def transform(self, results: dict) -> dict:
        """Fill the boxes of one image.

        Args:
            results (dict): Result dict of ``mmdet.LoadAnnotations``.

        Returns:
            dict: The same with ``gt_masks``, and weights on
            ``gt_bboxes_labels``.
        """
        boxes = results['gt_bboxes']
        xyxy = boxes.tensor if isinstance(boxes, BaseBoxes) else boxes
        height, width = results['img_shape'][:2]
        masks = np.empty((len(xyxy), height, width), dtype=np.uint8)
        fill_boxes(masks, np.asarray(xyxy), range(len(xyxy)))
        results['gt_masks'] = BitmapMasks(masks, height, width)
        if self.weight is not None:
            results['gt_bboxes_labels'] = encode_weights(
                results['gt_bboxes_labels'], np.full(len(xyxy), self.weight)
            )
        return results
