"""Random changes of the look of a photo: grey, inverted, blurred."""

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from mmboxcaseg.prediction.other_boxes import COLOURS
from mmboxcaseg.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomLook(BaseTransform):
    """Change the look of a patch at random, but not its shapes.

    Salient images are everyday photos. If the photos with boxes are different
    (X-rays, microscopy, infrared), what is learnt from salient images must not
    depend on colours, on objects being lighter than their background, or on
    sharp edges. The paper has no such transform.

    Required keys: ``img``. Modified: ``img``, but not its maps of other boxes.

    Args:
        grey (float): Probability that the patch is turned to grey, in [0, 1].
            Defaults to 0.5.
        invert (float): Probability that the patch is inverted, in [0, 1].
            Defaults to 0.5.
        blur (float): Probability that the patch is blurred, in [0, 1].
            Defaults to 0.5.
        sigma (float): Largest standard deviation of the blur, as a fraction
            of the shorter side of the patch, above 0. It is drawn uniformly
            from 0. Defaults to 0.015.

    Raises:
        ValueError: If a number is out of its range.
    """

    def __init__(
        self,
        grey: float = 0.5,
        invert: float = 0.5,
        blur: float = 0.5,
        sigma: float = 0.015,
    ) -> None:
        for name, value in (('grey', grey), ('invert', invert), ('blur', blur)):
            if not 0 <= value <= 1:
                raise ValueError(f'RandomLook: {name}={value!r} must lie in [0, 1]')
        if not sigma > 0:
            raise ValueError(f'RandomLook: sigma={sigma!r} must be positive')
        self.grey = grey
        self.invert = invert
        self.blur = blur
        self.sigma = sigma

    def transform(self, results: dict) -> dict:
        """Change the look of a patch.

        Args:
            results (dict): Results with ``img``, (H, W, C) uint8, whose first
                three channels are BGR.

        Returns:
            dict: The results with a new ``img``.
        """
        img, maps = np.split(results['img'], [COLOURS], axis=2)
        grey, invert, blur, width = np.random.uniform(size=4)
        if grey < self.grey:
            img = np.repeat(cv2.cvtColor(img, cv2.COLOR_BGR2GRAY)[..., None], 3, axis=2)
        if invert < self.invert:
            img = 255 - img
        # A narrower blur has no effect.
        width *= self.sigma * min(img.shape[:2])
        if blur < self.blur and width > 0.3:
            img = cv2.GaussianBlur(img, (0, 0), width)
        results['img'] = np.concatenate([img, maps], axis=2)
        return results
