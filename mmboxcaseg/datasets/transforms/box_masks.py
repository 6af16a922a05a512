"""Using filled boxes as masks."""

from collections.abc import Iterable

import numpy as np
from mmcv.transforms import BaseTransform
from mmdet.structures.bbox import BaseBoxes
from mmdet.structures.mask import BitmapMasks

from mmboxcaseg.registry import TRANSFORMS

from .mask_weights import encode_weights


def fill_boxes(masks: np.ndarray, boxes: np.ndarray, chosen: Iterable[int]) -> None:
    """Replace masks, in place, by all pixels that their boxes touch.

    Args:
        masks (np.ndarray): Masks, (N, H, W) uint8. Those that are replaced
            are 0 or 1 afterwards.
        boxes (np.ndarray): Boxes as xyxy in pixels of the image, shape
            (N, 4). They are clipped to the image.
        chosen (Iterable[int]): Indices of the masks to replace.
    """
    x1, y1 = np.floor(boxes[:, :2]).astype(int).clip(min=0).T
    x2, y2 = np.ceil(boxes[:, 2:]).astype(int).clip(min=0).T
    for i in chosen:
        masks[i] = 0
        masks[i, y1[i] : y2[i], x1[i] : x2[i]] = 1


@TRANSFORMS.register_module()
class BoxesAsMasks(BaseTransform):
    """Use the filled box of every object as its mask.

    Place this transform right after ``mmdet.LoadAnnotations(with_bbox=True)``.
    Masks need not be loaded; if they are, they are replaced.

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
            0 all masks are ignored, for a head that learns masks from other
            images. Defaults to None: the weight is 1.

    Raises:
        ValueError: If ``weight`` is not in [0, 1].
    """

    def __init__(self, weight: float | None = None) -> None:
        if weight is not None and not 0 <= weight <= 1:
            raise ValueError(f'BoxesAsMasks: weight={weight!r} must lie in [0, 1]')
        self.weight = weight

    def transform(self, results: dict) -> dict:
        """Fill the boxes of one image.

        Args:
            results (dict): Result of ``mmdet.LoadAnnotations``.

        Returns:
            dict: The results with ``gt_masks`` and, if there is a weight,
            with weights on ``gt_bboxes_labels``.
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
