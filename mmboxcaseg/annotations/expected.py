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

# What of info.proxy_masks the IoU depends on, but for these keys of test_cfg.
_MADE = ('checkpoint_sha256', 'merge', 'test_cfg', 'pipeline')
_NO_MATTER = ('crops_per_batch', 'precision')


@dataclass(frozen=True, eq=False)
class BoxTraits:
    """What the boxes of a file say about the masks in them.

    Attributes:
        rect_areas (np.ndarray): (N,) float64, areas of the pixel rectangles;
            0 of crowds and of boxes that cover nothing of their image.
        shared (np.ndarray): (N,) float64 in [0, 1], how much of each box
            others cover: the sum of their shares of it, 1 at most.
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
        """With what is known of the masks at some places, (M,) each."""
        return MaskTraits(
            agreement=np.asarray(agreement, dtype=np.float64),
            confidence=np.asarray(confidence, dtype=np.float64),
            areas=np.asarray(mask_areas, dtype=np.float64),
            rect_areas=self.rect_areas[places],
            shared=self.shared[places],
        )


def box_traits(boxes: BoxFile) -> BoxTraits:
    """What the boxes of a file say about the masks in them.

    Args:
        boxes (BoxFile): The boxes; those that keep a mask are among them.

    Returns:
        BoxTraits: Columns.
    """
    rect_areas, shared = np.zeros(len(boxes)), np.zeros(len(boxes))
    for image, (height, width) in enumerate(boxes.sizes.tolist()):
        places = boxes.places(image)
        places = places[~boxes.crowd[places]]
        # Where a mask is kept, the box may be of no use.
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
    """What a file of proxy masks says about some of its masks.

    Args:
        masks (MaskFile): It has a confidence.
        places (np.ndarray): (M,) int, places of masks, no crowds.

    Returns:
        MaskTraits: The traits of these masks.
    """
    return box_traits(masks.boxes).of_masks(
        places,
        masks.agreement[places],
        masks.confidence[places],
        [rle_area(masks.rle(place)) for place in places.tolist()],
    )


@dataclass(frozen=True, eq=False)
class CalibrationFile:
    """A calibration, and the file that it comes from.

    Attributes:
        path (str): Path of the file.
        digest (str): SHA-256 of its bytes, hexadecimal.
        calibration (Calibration): What it holds.
    """

    path: str
    digest: str
    calibration: Calibration

    def summary(self) -> dict[str, Any]:
        """What ``info.proxy_masks`` of the masks says of it, json values."""
        return dict(sha256=self.digest, **asdict(self.calibration.spread))

    def differences(self, made: Mapping[str, Any]) -> list[str]:
        """In what masks were made in another way than those of the fit.

        Args:
            made (Mapping): ``info.proxy_masks`` of the masks.

        Returns:
            list[str]: Names of what differs.
        """
        theirs, ours = self.calibration.made, conditions(made)
        return [key for key in _MADE if theirs.get(key) != ours.get(key)]


def expected_spread(masks: MaskFile) -> Spread | None:
    """How far the IoUs of a file lie from what it expects of them.

    Args:
        masks (MaskFile): Proxy masks.

    Returns:
        Spread | None: None where the file does not say.

    Raises:
        ValueError: If what it says is broken.
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
    """What of the making of masks their IoU depends on.

    Args:
        made (Mapping): ``info.proxy_masks`` of a file.

    Returns:
        dict: Json values.
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
    """Read a file of ``boxcaseg calibrate``.

    Args:
        path (str): Path of the file.

    Returns:
        CalibrationFile: What it holds.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is none, with what is wrong.
    """
    with open(path, 'rb') as file:
        content = file.read()
    try:
        calibration = Calibration.from_json(json.loads(content))
    except ValueError as error:
        raise ValueError(f'{path}: {error}') from error
    return CalibrationFile(path, hashlib.sha256(content).hexdigest(), calibration)
