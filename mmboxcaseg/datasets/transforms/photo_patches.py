"""Loading box patches without decoding more of a photo than is needed."""

from collections import OrderedDict

import cv2
import numpy as np
from mmengine.fileio import get

from mmboxcaseg.decoding import decode_photo
from mmboxcaseg.masks import clip_boxes, pixel_rects
from mmboxcaseg.registry import TRANSFORMS

from .patches import RandomBoxPatch, augment_box

# OpenCV's flags to decode a JPEG directly at a fraction of its size.
REDUCED_FLAGS = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}


def decode_factor(rect: np.ndarray, size: int) -> int:
    """Choose the factor by which a JPEG can be decoded smaller for a crop.

    Args:
        rect (np.ndarray): Crop as x0, y0, x1, y1 in pixels of the photo,
            half-open, (4,) int.
        size (int): Side in pixels that the crop will be resized to.

    Returns:
        int: 1, 2, 4 or 8: the largest factor at which the crop still has at
        least ``size`` pixels on each side.

    Example:
        >>> decode_factor(np.array([0, 0, 700, 900]), 288)
        2
    """
    side = int((rect[2:] - rect[:2]).min())
    return max(
        factor for factor in REDUCED_FLAGS if factor == 1 or side >= factor * size
    )


@TRANSFORMS.register_module()
class LoadBoxPatch(RandomBoxPatch):
    """A faster ``LoadImageFromFile`` with :class:`RandomBoxPatch`.

    The crop is drawn before the photo is read, which saves time in two ways:

    - A JPEG whose crop is at least two, four or eight times as large as the
      patch is decoded at a half, a quarter or an eighth of its size. The
      sides of the crop, and with them the label, then move outwards to
      multiples of that factor, by less than a pixel of the patch.
    - The last photos are kept, for a sampler that draws several boxes of a
      photo in turn, see :class:`PhotoMultiSourceSampler`.

    If no photo is decoded smaller, the patches are the same as with the two
    transforms.

    Required keys: ``img_path``, ``box`` (xyxy in pixels of the image),
    ``height``, ``width``. Added: ``img``, ``gt_seg_map`` (uint8, 1 inside the
    box or, if there is a ``segmentation``, inside that mask), ``ori_shape``,
    ``img_shape``, ``patch_rect``.

    Args:
        size (int): Side of the patch in pixels. Defaults to 288.
        shift (float): See :class:`RandomBoxPatch`. Defaults to 0.25.
        scale (Sequence[float]): See :class:`RandomBoxPatch`. Defaults to
            (0.5, 1.5).
        other_boxes (bool): See :class:`RandomBoxPatch`. Defaults to False.
        reduced (bool): Whether JPEGs may be decoded smaller. Defaults to
            True.
        kept_photos (int): Number of decoded photos that each worker keeps.
            Defaults to 1.

    Raises:
        ValueError: If a value is out of its range.
    """

    def __init__(
        self, *args, reduced: bool = True, kept_photos: int = 1, **kwargs
    ) -> None:
        super().__init__(*args, **kwargs)
        if kept_photos < 0:
            raise ValueError(
                'LoadBoxPatch: kept_photos must not be negative, '
                f'but is {kept_photos!r}'
            )
        self.reduced = reduced
        self.kept_photos = kept_photos
        self._photos: OrderedDict[tuple, tuple] = OrderedDict()

    def transform(self, results: dict) -> dict:
        """Draw the crop, load it, and resize it.

        Args:
            results (dict): Results of the pipeline, see the class.

        Returns:
            dict: The results with the patch and its label.

        Raises:
            ValueError: If the file is no photo, or the photo differs in size
                from its annotation.
        """
        height, width = results['height'], results['width']
        box = clip_boxes([results['box']], height, width)[0]
        crop = augment_box(box, *self._random_factors())
        rect = pixel_rects(crop[None], height, width)[0]
        factor = decode_factor(rect, self.size) if self.reduced else 1
        photo, factor = self._photo(results, factor)
        if factor > 1:
            rect[:2] -= rect[:2] % factor
            rect[2:] += -rect[2:] % factor
            rect = np.minimum(rect, [width, height, width, height])
        # Rounded up: the last column of the smaller photo may stand for fewer
        # pixels.
        x0, y0, x1, y1 = -(-rect // factor)
        results['img'] = self._resized(photo[y0:y1, x0:x1], box, rect, results)
        results['ori_shape'] = (height, width)
        results['img_shape'] = (self.size, self.size)
        results['patch_rect'] = tuple(rect.tolist())
        results['gt_seg_map'] = self._label(results, box, rect, height, width)
        return results

    def _photo(self, results: dict, factor: int) -> tuple[np.ndarray, int]:
        """Get a photo, at 1 / factor of its size if it is a JPEG.

        Returns the photo and the factor used.
        """
        key = (results['img_path'], factor)
        if key in self._photos:
            self._photos.move_to_end(key)
            return self._photos[key]
        data = get(results['img_path'])
        if data[:2] != b'\xff\xd8':
            # OpenCV would decode other formats in full and then shrink them.
            factor = 1
        photo = decode_photo(data, REDUCED_FLAGS[factor])
        if photo is None:
            raise ValueError(f'{results["img_path"]} is not a readable photo')
        height, width = results['height'], results['width']
        if photo.shape[:2] != (-(-height // factor), -(-width // factor)):
            raise ValueError(
                f'{results["img_path"]}: decoded at 1/{factor}, the photo is '
                f'{photo.shape[1]} x {photo.shape[0]} pixels, which does not '
                f'fit the {width} x {height} of its annotation; correct '
                'the annotation file'
            )
        self._photos[key] = photo, factor
        while len(self._photos) > self.kept_photos:
            self._photos.popitem(last=False)
        return photo, factor
