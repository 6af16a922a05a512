"""Masks that are nothing but filled boxes."""
import numpy as np
from mmcv.transforms import BaseTransform
from mmdet.structures.bbox import BaseBoxes
from mmdet.structures.mask import BitmapMasks

from mmboxcaseg.registry import TRANSFORMS


def filled_boxes(boxes: np.ndarray, height: int, width: int) -> np.ndarray:
    """Masks of all the pixels that boxes touch.

    Args:
        boxes (np.ndarray): x1, y1, x2, y2 in pixels of the image, (N, 4);
            what lies outside the image is cut off.
        height (int): Height of the image in pixels.
        width (int): Width of the image in pixels.

    Returns:
        np.ndarray: 0 or 1, uint8, (N, height, width).
    """
    masks = np.zeros((len(boxes), height, width), dtype=np.uint8)
    x1, y1 = np.floor(boxes[:, :2]).astype(int).clip(min=0).T
    x2, y2 = np.ceil(boxes[:, 2:]).astype(int).clip(min=0).T
    for i, mask in enumerate(masks):
        mask[y1[i]:y2[i], x1[i]:x2[i]] = 1
    return masks


@TRANSFORMS.register_module()
class BoxesAsMasks(BaseTransform):
    """Take the filled box of every object for its mask.

    Place it right after ``mmdet.LoadAnnotations(with_bbox=True)``; masks need
    not be loaded, and if they were they are replaced.

    Required Keys:

    - gt_bboxes
    - img_shape

    Added or Modified Keys:

    - gt_masks (BitmapMasks)
    """

    def transform(self, results: dict) -> dict:
        """Fill the boxes of one image.

        Args:
            results (dict): Result dict of ``mmdet.LoadAnnotations``.

        Returns:
            dict: The same with ``gt_masks``.
        """
        boxes = results['gt_bboxes']
        xyxy = boxes.tensor if isinstance(boxes, BaseBoxes) else boxes
        height, width = results['img_shape'][:2]
        results['gt_masks'] = BitmapMasks(
            filled_boxes(np.asarray(xyxy), height, width), height, width)
        return results
