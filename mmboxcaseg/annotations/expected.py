"""The expected IoU of the masks of a file."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mmboxcaseg.masks import areas, clip_boxes, pixel_rects, rle_area, usable_boxes
from mmboxcaseg.masks.calibration import Calibration, MaskTraits, Spread

from .box_file import BoxFile
from .mask_file import MaskFile

# The settings in info.proxy_masks that the IoU of masks depends on.
_MADE = ('checkpoint_sha256', 'merge', 'test_cfg', 'pipeline')
# The keys of test_cfg that it does not depend on.
_NO_MATTER = ('crops_per_batch', 'precision')


@dataclass(frozen=True, eq=False)
class BoxTraits:
    """Traits of boxes that help to predict the IoU of their masks.

    Attributes:
        rect_areas (np.ndarray): Areas of the pixel rectangles of N boxes, in
            pixels, (N,) float64; 0 for crowds and for boxes that cover
            nothing of their image.
        shared (np.ndarray): Share of each box that other boxes of the image
            cover, (N,) float64 in [0, 1]. The shares of all other boxes are
            added up, to 1 at most.
    """

    rect_areas: np.ndarray
    shared: np.ndarray

    def of_masks(
        self,
        places: np.ndarray,
        agreement: np.ndarray | Sequence[float],
        confidence: np.ndarray | Sequence[float],
        mask_areas: np.ndarray | Sequence[float],
    ) -> MaskTraits:
        """Combine the traits of some boxes with those of their masks.

        Args:
            places (np.ndarray): Places of M annotations, (M,) int.
            agreement (np.ndarray | Sequence[float]): Agreement of their
                masks, (M,) in [0, 1].
            confidence (np.ndarray | Sequence[float]): Confidence of their
                masks, (M,) in [0, 1].
            mask_areas (np.ndarray | Sequence[float]): Areas of their masks in
                pixels, (M,).

        Returns:
            MaskTraits: Traits of the M masks.
        """
        return MaskTraits(
            agreement=np.asarray(agreement, dtype=np.float64),
            confidence=np.asarray(confidence, dtype=np.float64),
            areas=np.asarray(mask_areas, dtype=np.float64),
            rect_areas=self.rect_areas[places],
            shared=self.shared[places],
        )


def box_traits(boxes: BoxFile) -> BoxTraits:
    """Compute the traits of boxes that help to predict the IoU of masks.

    Args:
        boxes (BoxFile): The boxes, with or without kept masks.

    Returns:
        BoxTraits: Traits of all N boxes.
    """
    rect_areas, shared = np.zeros(len(boxes)), np.zeros(len(boxes))
    for image, (height, width) in enumerate(boxes.sizes.tolist()):
        places = boxes.places(image)
        places = places[~boxes.crowd[places]]
        # boxes.usable would leave out boxes whose mask is kept.
        places = places[usable_boxes(boxes.boxes[places], height, width)]
        if not len(places):
            continue
        clipped = clip_boxes(boxes.boxes[places], height, width)
        whole = areas(clipped)
        rect_areas[places] = areas(pixel_rects(boxes.boxes[places], height, width))
        low = np.maximum(clipped[:, None, :2], clipped[None, :, :2])
        high = np.minimum(clipped[:, None, 2:], clipped[None, :, 2:])
        common = np.clip(high - low, 0, None).prod(axis=2)
        np.fill_diagonal(common, 0)
        shared[places] = common.sum(axis=1) / whole
    return BoxTraits(rect_areas, np.minimum(shared, 1))


def mask_traits(masks: MaskFile, places: np.ndarray) -> MaskTraits:
    """Compute the traits of some proxy masks.

    Args:
        masks (MaskFile): Proxy masks with agreement and confidence.
        places (np.ndarray): Places of M annotations that are no crowds, (M,)
            int.

    Returns:
        MaskTraits: Traits of the M masks.
    """
    return box_traits(masks.boxes).of_masks(
        places,
        masks.agreement[places],
        masks.confidence[places],
        [rle_area(masks.rle(place)) for place in places.tolist()],
    )


@dataclass(frozen=True, eq=False)
class CalibrationFile:
    """A calibration and the file that it was read from.

    Attributes:
        path (str): Path of the file.
        digest (str): SHA-256 of the file, hexadecimal.
        calibration (Calibration): The calibration in the file.
    """

    path: str
    digest: str
    calibration: Calibration

    def summary(self) -> dict[str, Any]:
        """Describe the calibration for ``info.proxy_masks`` of a mask file.

        Returns:
            dict: Json values: the SHA-256 of the file, and the spread of the
            true IoUs.
        """
        return dict(sha256=self.digest, **asdict(self.calibration.spread))

    def differences(self, made: Mapping[str, Any]) -> list[str]:
        """Find settings that differ from those of the fit.

        Args:
            made (Mapping[str, Any]): ``info.proxy_masks`` of a mask file.

        Returns:
            list[str]: Names of the settings in which these masks differ from
            the masks that the calibration was fitted to.
        """
        theirs, ours = self.calibration.made, conditions(made)
        return [key for key in _MADE if theirs.get(key) != ours.get(key)]


def expected_spread(masks: MaskFile) -> Spread | None:
    """Read how far true IoUs lie from the expected ones of a mask file.

    Args:
        masks (MaskFile): Proxy masks.

    Returns:
        Spread | None: The spread in ``info.proxy_masks.calibration``; None if
        the file has no expected IoUs or no spread.

    Raises:
        ValueError: If ``info.proxy_masks.calibration`` is broken.
    """
    said = masks.made.get('calibration')
    if masks.expected_iou is None or said is None:
        return None
    try:
        return Spread.from_json(said)
    except ValueError as error:
        raise ValueError(
            f'{masks.boxes.path}: info.proxy_masks.calibration: {error}'
        ) from error


def conditions(made: Mapping[str, Any]) -> dict[str, Any]:
    """Extract the settings that the IoU of masks depends on.

    Args:
        made (Mapping[str, Any]): ``info.proxy_masks`` of a mask file.

    Returns:
        dict: The checkpoint's SHA-256, the way of merging, ``test_cfg`` and
        the pipeline, as json values; None for what is missing.
    """
    config = made.get('model_config') or {}
    test_cfg = (config.get('model') or {}).get('test_cfg') or {}
    values = dict(
        made,
        test_cfg={
            key: value for key, value in test_cfg.items() if key not in _NO_MATTER
        },
        pipeline=config.get('pipeline'),
    )
    return {key: values.get(key) for key in _MADE}


def read_calibration(path: str) -> CalibrationFile:
    """Read a calibration that ``boxcaseg calibrate`` has written.

    Args:
        path (str): Path of the file.

    Returns:
        CalibrationFile: The calibration and its file.

    Raises:
        OSError: If the file can't be read.
        ValueError: If the file is no calibration.
    """
    with open(path, 'rb') as file:
        content = file.read()
    try:
        calibration = Calibration.from_json(json.loads(content))
    except ValueError as error:
        raise ValueError(f'{path}: {error}') from error
    return CalibrationFile(path, hashlib.sha256(content).hexdigest(), calibration)
