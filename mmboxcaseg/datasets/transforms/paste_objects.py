"""Pasting salient objects into other images; this is not in the paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import mmcv
import numpy as np
from mmcv.transforms import BaseTransform, Compose
from mmcv.transforms.utils import cache_randomness

from mmboxcaseg.masks import tight_boxes
from mmboxcaseg.registry import TRANSFORMS


@dataclass(frozen=True)
class Cutout:
    """An object that was cut out of its photo.

    Attributes:
        img (np.ndarray): Photo within the tight box of the object, (H, W, 3)
            uint8.
        mask (np.ndarray): Mask of the object within that box, (H, W) bool.
    """

    img: np.ndarray
    mask: np.ndarray


def cut_out(img: np.ndarray, mask: np.ndarray) -> Cutout:
    """Cut an object out of its photo.

    Args:
        img (np.ndarray): Photo, (H, W, 3) uint8.
        mask (np.ndarray): Mask of the object, shape (H, W), positive on the
            object and with at least one such pixel.

    Returns:
        Cutout: The object. Its ``img`` is a view of the photo.
    """
    x0, y0, x1, y1 = _tight_box(mask)
    return Cutout(img[y0:y1, x0:x1], mask[y0:y1, x0:x1] > 0)


def _tight_box(mask: np.ndarray) -> np.ndarray:
    """Tight box of a mask: x0, y0, x1, y1 in pixels, half-open, int64."""
    height, width = mask.shape
    return tight_boxes([mask > 0], [[0, 0, width, height]])[0].astype(np.int64)


def resize_cutout(cutout: Cutout, factor: float, flip: bool = False) -> Cutout:
    """Scale an object and optionally mirror it.

    Args:
        cutout (Cutout): The object.
        factor (float): Ratio of new to old side length, above 0.
        flip (bool): Whether the object is mirrored horizontally. Defaults to
            False.

    Returns:
        Cutout: The new object, at least one pixel high and wide.
    """
    height, width = cutout.mask.shape
    size = (max(round(width * factor), 1), max(round(height * factor), 1))
    img = mmcv.imresize(cutout.img, size)
    mask = mmcv.imresize(cutout.mask.astype(np.uint8), size, interpolation='nearest')
    if flip:
        img, mask = img[:, ::-1], mask[:, ::-1]
    return Cutout(img, mask > 0)


class Pasted(NamedTuple):
    """A photo into which an object was pasted.

    Attributes:
        img (np.ndarray): The photo, (H, W, 3) uint8.
        mask (np.ndarray): Mask of the visible part of the photo's own object,
            (H, W) uint8, 0 or 1.
        box (np.ndarray | None): Tight box of the visible part of the pasted
            object, xyxy in pixels, half-open, (4,) int64; None if nothing of
            it is visible.
    """

    img: np.ndarray
    mask: np.ndarray
    box: np.ndarray | None


def paste(
    img: np.ndarray,
    mask: np.ndarray,
    cutout: Cutout,
    corner: tuple[int, int],
    on_top: bool,
) -> Pasted:
    """Paste another object over or behind the object of a photo.

    Args:
        img (np.ndarray): Photo, (H, W, 3) uint8.
        mask (np.ndarray): Mask of the photo's object, (H, W) uint8, 0 or 1.
        cutout (Cutout): The object to paste.
        corner (tuple[int, int]): x and y of its upper left corner in pixels
            of the photo. What lies outside the photo is cut off.
        on_top (bool): Whether the pasted object hides the photo's object
            where both are; otherwise the photo's object hides it.

    Returns:
        Pasted: The new photo and its mask, which are copies.
    """
    height, width = mask.shape
    x, y = corner
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = min(x + cutout.mask.shape[1], width), min(y + cutout.mask.shape[0], height)
    img, mask = img.copy(), mask.copy()
    if x0 >= x1 or y0 >= y1:
        return Pasted(img, mask, None)
    part = np.s_[y0 - y : y1 - y, x0 - x : x1 - x]
    there = np.s_[y0:y1, x0:x1]
    painted = cutout.mask[part]
    if on_top:
        mask[there][painted] = 0
    else:
        painted = painted & (mask[there] == 0)
    img[there][painted] = cutout.img[part][painted]
    box = _tight_box(painted) + np.tile([x0, y0], 2) if painted.any() else None
    return Pasted(img, mask, box)


@TRANSFORMS.register_module()
class PasteSalientObjects(BaseTransform):
    """Paste objects of other salient images over and behind the image's own.

    Salient images show one object, but in everyday photos boxes overlap. With
    other objects around, over and behind it, the pixel heads learn to find
    the object that spans the box instead of everything that is salient. The
    masks stay exact. This transform comes before the object is cropped.

    The ``sqrt(w * h)`` of a pasted object's tight box is ``U(*scale)`` times
    that of the image's own object. Half of the objects are mirrored. The
    centre of a pasted object lies anywhere in the own object's tight box,
    grown by half of its size on each side. An object that would leave less
    than ``min_visible`` of the own object is not pasted.

    Required keys: ``img``, ``gt_seg_map`` (uint8, 0 or 1, not empty) and
    ``dataset``, which :class:`SalientObjectDataset` adds. Modified: ``img``,
    ``gt_seg_map``. Added: ``other_boxes``, the boxes of the pasted objects, xyxy
    in pixels, shape (K, 4).

    Args:
        load (Sequence[dict]): Transforms that load ``img`` and ``gt_seg_map``
            of another item of the data set.
        prob (float): Probability that an image gets other objects, in [0, 1].
            Defaults to 0.7.
        max_objects (int): Largest number of objects to paste, 1 or more; the
            smallest is 1. Defaults to 2.
        scale (Sequence[float]): Smallest and largest relative size of a
            pasted object, above 0. Defaults to (0.3, 1.3).
        min_visible (float): Smallest share of the own object that stays
            visible, in (0, 1]. Defaults to 0.3.

    Raises:
        ValueError: If a value is out of its range.
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
        """Draw the images, of ``count``, whose object is pasted; maybe none."""
        if np.random.rand() >= self.prob:
            return []
        number = np.random.randint(1, self.max_objects + 1)
        return np.random.randint(count, size=number).tolist()

    def transform(self, results: dict) -> dict:
        """Paste objects of other images.

        Args:
            results (dict): Results of the pipeline, see the class.

        Returns:
            dict: The results with new ``img``, ``gt_seg_map`` and
            ``other_boxes``.

        Raises:
            ValueError: If ``dataset`` is missing.
        """
        dataset = results.get('dataset')
        if dataset is None:
            raise ValueError(
                "PasteSalientObjects needs the key 'dataset' to take objects from "
                'other images: use it in the pipeline of a SalientObjectDataset'
            )
        whole = (results['gt_seg_map'] > 0).sum()
        boxes = []
        for place in self._random_places(len(dataset)):
            other = self.load(dataset.get_data_info(place))
            cutout = cut_out(other['img'], other['gt_seg_map'])
            pasted = self._paste(results['img'], results['gt_seg_map'], cutout)
            if (pasted.mask > 0).sum() >= self.min_visible * whole:
                results['img'], results['gt_seg_map'] = pasted.img, pasted.mask
                boxes += [] if pasted.box is None else [pasted.box]
        results['other_boxes'] = np.array(boxes, dtype=np.float64).reshape(-1, 4)
        return results

    @cache_randomness
    def _random_factors(self) -> tuple[float, np.ndarray, bool, bool]:
        """Draw relative size, relative centre, mirroring, and order."""
        return (
            np.random.uniform(self.scale[0], self.scale[1]),
            np.random.uniform(-0.5, 1.5, 2),
            np.random.rand() < 0.5,
            np.random.rand() < 0.5,
        )

    def _paste(self, img: np.ndarray, mask: np.ndarray, cutout: Cutout) -> Pasted:
        """Paste an object at a random place, in a random size."""
        relative, place, flip, on_top = self._random_factors()
        box = _tight_box(mask)
        size = box[2:] - box[:2]
        factor = relative * np.sqrt(size.prod() / cutout.mask.size)
        cutout = resize_cutout(cutout, factor, flip)
        center = box[:2] + place * size
        half = np.array(cutout.mask.shape[::-1]) / 2
        x, y = np.round(center - half).astype(int).tolist()
        return paste(img, mask, cutout, (x, y), on_top)
