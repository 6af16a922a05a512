"""Salient objects pasted over and behind each other; not in the paper."""

from collections.abc import Sequence
from dataclasses import dataclass

import mmcv
import numpy as np
from mmcv.transforms import BaseTransform, Compose
from mmcv.transforms.utils import cache_randomness

from mmboxcaseg.masks import tight_boxes
from mmboxcaseg.registry import TRANSFORMS


@dataclass(frozen=True)
class Cutout:
    """An object cut out of its photo along its mask.

    Args:
        img (np.ndarray): Its tight box of the photo, shape (H, W, 3), uint8.
        mask (np.ndarray): Shape (H, W), bool.
    """

    img: np.ndarray
    mask: np.ndarray


def cut_out(img: np.ndarray, mask: np.ndarray) -> Cutout:
    """Cut the object of a mask out of its photo.

    Args:
        img (np.ndarray): Shape (H, W, 3), uint8.
        mask (np.ndarray): Shape (H, W), positive on the object; not empty.

    Returns:
        Cutout: Views of the photo and of the mask.
    """
    x0, y0, x1, y1 = _tight_box(mask)
    return Cutout(img[y0:y1, x0:x1], mask[y0:y1, x0:x1] > 0)


def _tight_box(mask: np.ndarray) -> np.ndarray:
    """x0, y0, x1, y1 of a mask (H, W), half-open, int64."""
    height, width = mask.shape
    return tight_boxes([mask > 0], [[0, 0, width, height]])[0].astype(np.int64)


def resize_cutout(cutout: Cutout, factor: float, flip: bool = False) -> Cutout:
    """Scale an object, and mirror it if asked.

    Args:
        cutout (Cutout): The object.
        factor (float): New by old side length, positive.
        flip (bool): Whether it is mirrored left to right. Defaults to False.

    Returns:
        Cutout: At least one pixel high and wide.
    """
    height, width = cutout.mask.shape
    size = (max(round(width * factor), 1), max(round(height * factor), 1))
    img = mmcv.imresize(cutout.img, size)
    mask = mmcv.imresize(cutout.mask.astype(np.uint8), size, interpolation='nearest')
    if flip:
        img, mask = img[:, ::-1], mask[:, ::-1]
    return Cutout(img, mask > 0)


def paste(
    img: np.ndarray,
    mask: np.ndarray,
    cutout: Cutout,
    corner: tuple[int, int],
    on_top: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """Paste an object over or behind the one that a mask belongs to.

    Args:
        img (np.ndarray): Photo, shape (H, W, 3), uint8.
        mask (np.ndarray): Mask of its object, shape (H, W), uint8, 0 or 1.
        cutout (Cutout): The other object.
        corner (tuple[int]): x and y of the cutout's upper left corner in the
            photo; what lies outside of the photo is cut off.
        on_top (bool): Whether it hides the photo's object where both are;
            otherwise that object hides it.

    Returns:
        tuple[np.ndarray]: The new photo and the visible part of the mask,
        both new.
    """
    height, width = mask.shape
    x, y = corner
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = min(x + cutout.mask.shape[1], width), min(y + cutout.mask.shape[0], height)
    img, mask = img.copy(), mask.copy()
    if x0 >= x1 or y0 >= y1:
        return img, mask
    part = np.s_[y0 - y : y1 - y, x0 - x : x1 - x]
    there = np.s_[y0:y1, x0:x1]
    painted = cutout.mask[part]
    if on_top:
        mask[there][painted] = 0
    else:
        painted = painted & (mask[there] == 0)
    img[there][painted] = cutout.img[part][painted]
    return img, mask


@TRANSFORMS.register_module()
class PasteSalientObjects(BaseTransform):
    """Objects of other salient images, pasted over and behind an image's own.

    Salient images show one object, while boxes overlap in most photos of
    everyday scenes. With others pasted around it, over it and behind it, the
    pixel heads learn the object that spans the box, and not all that is
    salient. The masks stay exact. It comes before the object is cropped.

    Each object gets ``sqrt(w * h)`` of its tight box as ``U(*scale)`` times that
    of the image's own object, is mirrored in half of the cases, and has its
    centre anywhere in the own object's tight box, grown by a half to each
    side. A paste that leaves less than ``min_visible`` of the own object is
    left out.

    Required keys: ``img``, ``gt_seg_map`` (uint8, 0 or 1, not empty) and
    ``dataset``, which :class:`SalientObjectDataset` gives. Modified: ``img``,
    ``gt_seg_map``.

    Args:
        load (Sequence[dict]): Transforms that load another item of the data
            set, its ``img`` and ``gt_seg_map``.
        prob (float): Share of the images that get objects, in [0, 1].
            Defaults to 0.7.
        max_objects (int): 1 to so many objects are pasted. Defaults to 2.
        scale (Sequence[float]): Low and high. Defaults to (0.3, 1.3).
        min_visible (float): In (0, 1]. Defaults to 0.3.

    Raises:
        ValueError: For values out of these ranges.
    """

    def __init__(
        self,
        load: Sequence[dict],
        prob: float = 0.7,
        max_objects: int = 2,
        scale: Sequence[float] = (0.3, 1.3),
        min_visible: float = 0.3,
    ) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(
                f'PasteSalientObjects: prob must lie in [0, 1], but is {prob!r}'
            )
        if max_objects < 1:
            raise ValueError(
                'PasteSalientObjects: max_objects must be at least 1, but is '
                f'{max_objects!r}'
            )
        if not 0 < scale[0] <= scale[1]:
            raise ValueError(
                'PasteSalientObjects: scale must be (low, high) with '
                f'0 < low <= high, but is {scale!r}'
            )
        if not 0 < min_visible <= 1:
            raise ValueError(
                'PasteSalientObjects: min_visible must lie in (0, 1], but is '
                f'{min_visible!r}'
            )
        self.load = Compose(load)
        self.prob = prob
        self.max_objects = max_objects
        self.scale = scale
        self.min_visible = min_visible

    @cache_randomness
    def _random_places(self, count: int) -> list[int]:
        """Which of ``count`` images give an object; none for no paste."""
        if np.random.rand() >= self.prob:
            return []
        number = np.random.randint(1, self.max_objects + 1)
        return np.random.randint(count, size=number).tolist()

    def transform(self, results: dict) -> dict:
        """Paste, see the class.

        Raises:
            ValueError: If ``dataset`` is missing.
        """
        dataset = results.get('dataset')
        if dataset is None:
            raise ValueError(
                'PasteSalientObjects takes objects of other images, and needs the '
                "key 'dataset': use it in the pipeline of a SalientObjectDataset"
            )
        whole = (results['gt_seg_map'] > 0).sum()
        for place in self._random_places(len(dataset)):
            other = self.load(dataset.get_data_info(place))
            cutout = cut_out(other['img'], other['gt_seg_map'])
            img, mask = self._paste(results['img'], results['gt_seg_map'], cutout)
            if (mask > 0).sum() >= self.min_visible * whole:
                results['img'], results['gt_seg_map'] = img, mask
        return results

    @cache_randomness
    def _random_factors(self) -> tuple[float, np.ndarray, bool, bool]:
        """Relative size, centre in the grown box, mirrored, on top."""
        return (
            np.random.uniform(self.scale[0], self.scale[1]),
            np.random.uniform(-0.5, 1.5, 2),
            np.random.rand() < 0.5,
            np.random.rand() < 0.5,
        )

    def _paste(
        self, img: np.ndarray, mask: np.ndarray, cutout: Cutout
    ) -> tuple[np.ndarray, np.ndarray]:
        """Paste one object at random."""
        relative, place, flip, on_top = self._random_factors()
        box = _tight_box(mask)
        size = box[2:] - box[:2]
        factor = relative * np.sqrt(size.prod() / cutout.mask.size)
        cutout = resize_cutout(cutout, factor, flip)
        center = box[:2] + place * size
        half = np.array(cutout.mask.shape[::-1]) / 2
        x, y = np.round(center - half).astype(int).tolist()
        return paste(img, mask, cutout, (x, y), on_top)
