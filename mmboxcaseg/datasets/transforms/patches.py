"""Transforms that make training patches (the paper, Sec. 3.2)."""

from collections.abc import Sequence

import mmcv
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmboxcaseg.masks import clip_boxes, decode_rle, pixel_rects, tight_boxes, to_rle
from mmboxcaseg.registry import TRANSFORMS

from ..photo_size import check_photo_size
from ..salient_mask import read_mask


def augment_box(box: np.ndarray, shift: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Shift a box's centre and scale its sides.

    Args:
        box (np.ndarray): xyxy, shape (4, ).
        shift (np.ndarray): Shift in x and y, in widths and heights.
        scale (np.ndarray): Factors of width and height.

    Returns:
        np.ndarray: xyxy, shape (4, ), float64.
    """
    size = box[2:] - box[:2]
    center = (box[:2] + box[2:]) / 2 + shift * size
    half = scale * size / 2
    return np.concatenate([center - half, center + half])


def paint_box(box: np.ndarray, rect: np.ndarray, size: int) -> np.ndarray:
    """The label of a box patch: the box, cropped and resized with it.

    Args:
        box (np.ndarray): xyxy in pixels of the image, shape (4, ). It meets
            ``rect``.
        rect (np.ndarray): The crop, x0, y0, x1, y1 (half-open), integer.
        size (int): Side of the patch in pixels.

    Returns:
        np.ndarray: Shape (size, size), uint8, 1 inside the box; at least one
        pixel is.
    """
    factor = size / (rect[2:] - rect[:2])
    in_patch = (box.reshape(2, 2) - rect[:2]) * factor
    x0, y0, x1, y1 = pixel_rects(in_patch.reshape(1, 4), size, size)[0]
    label = np.zeros((size, size), dtype=np.uint8)
    label[y0:y1, x0:x1] = 1
    return label


@TRANSFORMS.register_module()
class RandomBoxPatch(BaseTransform):
    """The paper's ``box_augmentation``: a crop around a shifted, scaled box.

    With (x, y) the centre of the box, x moves by ``U(-shift, shift) * w`` and y
    by ``U(-shift, shift) * h``, then w and h are scaled by ``U(*scale)`` each.
    The new box is clipped to the image, cropped and resized to a square. The
    centre stays inside the true box, so the crop always meets it.

    Required keys: ``img``, ``box`` (xyxy); ``height`` and ``width`` are
    compared with the photo where they are there. Modified: ``img``. Added:
    ``gt_seg_map`` (uint8, 1 inside the box or, where there is
    ``segmentation``, inside that mask), ``img_shape``, ``patch_rect``.

    Args:
        size (int): Side of the patch in pixels. Defaults to 288.
        shift (float): In [0, 0.5). Defaults to 0.25.
        scale (Sequence[float]): Low and high. Defaults to (0.5, 1.5).
    """

    def __init__(
        self, size: int = 288, shift: float = 0.25, scale: Sequence[float] = (0.5, 1.5)
    ) -> None:
        if not 0 <= shift < 0.5:
            raise ValueError(
                'RandomBoxPatch: shift must lie in [0, 0.5), so '
                f'that a crop meets its box, but is {shift!r}'
            )
        if not 0 < scale[0] <= scale[1]:
            raise ValueError(
                'RandomBoxPatch: scale must be (low, high) with '
                f'0 < low <= high, but is {scale!r}'
            )
        self.size = size
        self.shift = shift
        self.scale = scale

    @cache_randomness
    def _random_factors(self) -> tuple[np.ndarray, np.ndarray]:
        """Shift and scale in x and y."""
        return (
            np.random.uniform(-self.shift, self.shift, 2),
            np.random.uniform(self.scale[0], self.scale[1], 2),
        )

    def transform(self, results: dict) -> dict:
        """Crop and resize, see the class.

        Raises:
            ValueError: If the photo's size is not the one announced.
        """
        check_photo_size(results)
        height, width = results['img'].shape[:2]
        box = clip_boxes([results['box']], height, width)[0]
        rect = self._crop_around(box, results)
        results['gt_seg_map'] = self._label(results, box, rect, height, width)
        return results

    def _label(
        self, results: dict, box: np.ndarray, rect: np.ndarray, height: int, width: int
    ) -> np.ndarray:
        """The box, or its mask, cropped and resized with the photo."""
        if 'segmentation' not in results:
            return paint_box(box, rect, self.size)
        return self._crop_mask(
            decode_rle(to_rle(results['segmentation'], height, width)), rect
        )

    def _crop_mask(self, mask: np.ndarray, rect: np.ndarray) -> np.ndarray:
        """A mask (H, W) of the photo, cropped and resized with it."""
        x0, y0, x1, y1 = rect
        return mmcv.imresize(
            mask[y0:y1, x0:x1].astype(np.uint8),
            (self.size, self.size),
            interpolation='nearest',
        )

    def _crop_around(self, box: np.ndarray, results: dict) -> np.ndarray:
        """Crop and resize the photo; returns the crop's rectangle."""
        img = results['img']
        crop = augment_box(box, *self._random_factors())
        rect = pixel_rects(crop[None], *img.shape[:2])[0]
        x0, y0, x1, y1 = rect
        results['img'] = mmcv.imresize(img[y0:y1, x0:x1], (self.size, self.size))
        results['img_shape'] = (self.size, self.size)
        results['patch_rect'] = tuple(rect.tolist())
        return rect


@TRANSFORMS.register_module()
class RandomObjectPatch(RandomBoxPatch):
    """``box_augmentation`` around the object of a mask.

    Not in the paper, which takes salient images whole: there the object has
    room around it, while at prediction it fills its crop. This one crops a
    mask-supervised image around the tight box of its mask as
    :class:`RandomBoxPatch` crops a box-supervised one.

    Required keys: ``img``, ``gt_seg_map`` (the mask, not empty). Modified:
    both, to patches. Added: ``img_shape``, ``patch_rect``.

    Args:
        size (int): Side of the patch in pixels. Defaults to 288.
        shift (float): In [0, 0.5). Defaults to 0.25.
        scale (Sequence[float]): Low and high. Defaults to (0.5, 1.5).
    """

    def transform(self, results: dict) -> dict:
        """Crop and resize, see the class.

        Raises:
            ValueError: If the mask is empty.
        """
        mask = results['gt_seg_map']
        height, width = mask.shape
        box = tight_boxes([mask > 0], [[0, 0, width, height]])[0]
        if not (box[2:] > box[:2]).all():
            raise ValueError(
                f'{results.get("mask_path")}: the mask is empty, '
                'there is no object to crop around; leave such '
                'images out with single_object of the data set'
            )
        rect = self._crop_around(box, results)
        results['gt_seg_map'] = self._crop_mask(mask, rect)
        return results


@TRANSFORMS.register_module()
class LoadSalientMask(BaseTransform):
    """Load ``mask_path`` as foreground (grey value above 127) or not.

    Required keys: ``mask_path``, ``img``. Added: ``gt_seg_map`` (H, W),
    uint8, 0 or 1, and ``seg_fields``.
    """

    def transform(self, results: dict) -> dict | None:
        """Load, see the class.

        Raises:
            ValueError: If mask and image differ in size.
        """
        mask = read_mask(results['mask_path'])
        if mask.shape != results['img'].shape[:2]:
            raise ValueError(
                f'{results["mask_path"]}: the mask has (height, width) '
                f'{mask.shape}, its image {results["img"].shape[:2]}; they '
                'must be the same'
            )
        results['gt_seg_map'] = mask
        # mmseg's crops look for the maps to crop under these names.
        results['seg_fields'] = ['gt_seg_map']
        return results
