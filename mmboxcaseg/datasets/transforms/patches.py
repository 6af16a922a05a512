"""Transforms that make training patches (the paper, Sec. 3.2)."""

from collections.abc import Sequence

import mmcv
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmboxcaseg.masks import clip_boxes, decode_rle, pixel_rects, tight_boxes, to_rle
from mmboxcaseg.prediction.other_boxes import other_box_maps
from mmboxcaseg.registry import TRANSFORMS

from ..photo_size import check_photo_size
from ..salient_mask import read_mask


def augment_box(box: np.ndarray, shift: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Shift the centre of a box and scale its sides.

    Args:
        box (np.ndarray): Box as xyxy, shape (4,).
        shift (np.ndarray): Shift in x and y, as fractions of the box's width
            and height, shape (2,).
        scale (np.ndarray): Factors for width and height, shape (2,).

    Returns:
        np.ndarray: New box as xyxy, (4,) float64.

    Example:
        >>> box = np.array([0, 0, 10, 20])
        >>> augment_box(box, np.array([0.1, 0]), np.array([1, 0.5])).tolist()
        [1.0, 5.0, 11.0, 15.0]
    """
    size = box[2:] - box[:2]
    center = (box[:2] + box[2:]) / 2 + shift * size
    half = scale * size / 2
    return np.concatenate([center - half, center + half])


def paint_box(box: np.ndarray, rect: np.ndarray, size: int) -> np.ndarray:
    """Make the label of a box patch: the box within the resized crop.

    Args:
        box (np.ndarray): Box as xyxy in pixels of the image, shape (4,). It
            must overlap ``rect``.
        rect (np.ndarray): Crop as x0, y0, x1, y1 in pixels of the image,
            half-open, (4,) int.
        size (int): Side of the patch in pixels.

    Returns:
        np.ndarray: Label, (size, size) uint8, 1 inside the box and 0 outside.
        At least one pixel is 1.

    Example:
        >>> paint_box(np.array([0, 0, 2, 4]), np.array([0, 0, 4, 4]), 2).tolist()
        [[1, 0], [1, 0]]
    """
    factor = size / (rect[2:] - rect[:2])
    in_patch = (box.reshape(2, 2) - rect[:2]) * factor
    x0, y0, x1, y1 = pixel_rects(in_patch.reshape(1, 4), size, size)[0]
    label = np.zeros((size, size), dtype=np.uint8)
    label[y0:y1, x0:x1] = 1
    return label


@TRANSFORMS.register_module()
class RandomBoxPatch(BaseTransform):
    """Crop a patch around a shifted and scaled box (the paper, Sec. 3.2).

    The paper calls it ``box_augmentation``. The centre of the box moves by
    ``U(-shift, shift) * w`` in x and by ``U(-shift, shift) * h`` in y, then w
    and h are multiplied by ``U(*scale)`` each. The new box is clipped to the
    image, cropped, and resized to a square. Its centre lies inside the
    annotated box, so the crop always overlaps that box.

    Required keys: ``img``, ``box`` (xyxy in pixels of the image); ``height``
    and ``width`` are compared with the photo if they exist. Modified: ``img``.
    Added: ``gt_seg_map`` (uint8, 1 inside the box or, if there is a
    ``segmentation``, inside that mask), ``img_shape``, ``patch_rect``.

    Args:
        size (int): Side of the patch in pixels. Defaults to 288.
        shift (float): Largest shift of the centre, as a fraction of the box's
            width and height, in [0, 0.5). Defaults to 0.25.
        scale (Sequence[float]): Smallest and largest factor for width and
            height, above 0. Defaults to (0.5, 1.5).
        other_boxes (bool): Whether patches get two further channels with the
            other boxes, see
            :func:`~mmboxcaseg.prediction.other_boxes.other_box_maps`. Needs
            the key ``other_boxes``. Defaults to False.

    Raises:
        ValueError: If a value is out of its range.
    """

    def __init__(
        self,
        size: int = 288,
        shift: float = 0.25,
        scale: Sequence[float] = (0.5, 1.5),
        other_boxes: bool = False,
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
        self.other_boxes = other_boxes

    @cache_randomness
    def _random_factors(self) -> tuple[np.ndarray, np.ndarray]:
        """Draw shift and scale in x and y."""
        return (
            np.random.uniform(-self.shift, self.shift, 2),
            np.random.uniform(self.scale[0], self.scale[1], 2),
        )

    def transform(self, results: dict) -> dict:
        """Crop and resize.

        Args:
            results (dict): Results of the pipeline, see the class.

        Returns:
            dict: The results with the patch and its label.

        Raises:
            BadInputError: If the photo differs in size from its annotation.
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
        """The label of a patch: its box, or its mask if there is one."""
        if 'segmentation' not in results:
            return paint_box(box, rect, self.size)
        return self._crop_mask(
            decode_rle(to_rle(results['segmentation'], height, width)), rect
        )

    def _crop_mask(self, mask: np.ndarray, rect: np.ndarray) -> np.ndarray:
        """Crop and resize the mask of a photo, (H, W), to that of the patch."""
        x0, y0, x1, y1 = rect
        return mmcv.imresize(
            mask[y0:y1, x0:x1].astype(np.uint8),
            (self.size, self.size),
            interpolation='nearest',
        )

    def _crop_around(self, box: np.ndarray, results: dict) -> np.ndarray:
        """Crop and resize the photo; return the rectangle of the crop."""
        img = results['img']
        crop = augment_box(box, *self._random_factors())
        rect = pixel_rects(crop[None], *img.shape[:2])[0]
        x0, y0, x1, y1 = rect
        results['img'] = self._resized(img[y0:y1, x0:x1], box, rect, results)
        results['img_shape'] = (self.size, self.size)
        results['patch_rect'] = tuple(rect.tolist())
        return rect

    def _resized(
        self, part: np.ndarray, box: np.ndarray, rect: np.ndarray, results: dict
    ) -> np.ndarray:
        """Resize the part of the photo in a rectangle; add the maps if asked for."""
        patch = mmcv.imresize(part, (self.size, self.size))
        if not self.other_boxes:
            return patch
        maps = other_box_maps(box, _others(results), rect, self.size)
        return np.concatenate([patch, maps], axis=2)


def _others(results: dict) -> np.ndarray:
    """Other boxes of the photo, xyxy in pixels, (K, 4)."""
    try:
        return results['other_boxes']
    except KeyError:
        raise ValueError(
            f'{results.get("img_path")}: other_boxes=True of a patch needs the key '
            "'other_boxes'; set with_other_boxes of BoxPatchDataset, and use "
            'PasteSalientObjects for salient images'
        ) from None


@TRANSFORMS.register_module()
class RandomObjectPatch(RandomBoxPatch):
    """Crop a patch around the object of a mask, like :class:`RandomBoxPatch`.

    It takes the tight box of the mask as the box. The paper uses whole salient
    images instead. There an object has room around it, whereas at prediction
    it fills its crop.

    Required keys: ``img``, ``gt_seg_map`` (the mask, not empty). Both become
    patches. Added: ``img_shape``, ``patch_rect``.

    Args:
        size (int): Side of the patch in pixels. Defaults to 288.
        shift (float): Largest shift of the centre, as a fraction of the box's
            width and height, in [0, 0.5). Defaults to 0.25.
        scale (Sequence[float]): Smallest and largest factor for width and
            height, above 0. Defaults to (0.5, 1.5).
        other_boxes (bool): Whether patches get two further channels with the
            other boxes, see
            :func:`~mmboxcaseg.prediction.other_boxes.other_box_maps`. Needs
            the key ``other_boxes``. Defaults to False.

    Raises:
        ValueError: If a value is out of its range.
    """

    def transform(self, results: dict) -> dict:
        """Crop and resize.

        Args:
            results (dict): Results of the pipeline, see the class.

        Returns:
            dict: The results with the patch and its label.

        Raises:
            ValueError: If the mask is empty.
        """
        mask = results['gt_seg_map']
        height, width = mask.shape
        box = tight_boxes([mask > 0], [[0, 0, width, height]])[0]
        if not (box[2:] > box[:2]).all():
            raise ValueError(
                f'{results.get("mask_path")}: the mask is empty, so there is no '
                'object to crop around; set single_object of the data set, '
                'which skips such images'
            )
        rect = self._crop_around(box, results)
        results['gt_seg_map'] = self._crop_mask(mask, rect)
        return results


@TRANSFORMS.register_module()
class LoadSalientMask(BaseTransform):
    """Load the mask of a salient image from ``mask_path``.

    Grey values above 127 are foreground.

    Required keys: ``mask_path``, ``img``. Added: ``gt_seg_map`` ((H, W)
    uint8, 0 or 1) and ``seg_fields``.
    """

    def transform(self, results: dict) -> dict | None:
        """Load the mask.

        Args:
            results (dict): Results of the pipeline, see the class.

        Returns:
            dict: The results with the mask.

        Raises:
            OSError: If the file can't be read.
            ValueError: If the file is no picture, or mask and image differ in
                size.
        """
        mask = read_mask(results['mask_path'])
        if mask.shape != results['img'].shape[:2]:
            raise ValueError(
                f'{results["mask_path"]}: the mask has (height, width) '
                f'{mask.shape}, but its image has {results["img"].shape[:2]}; '
                'they must be the same'
            )
        results['gt_seg_map'] = mask
        # mmseg's crops read from seg_fields which maps to crop.
        results['seg_fields'] = ['gt_seg_map']
        return results
