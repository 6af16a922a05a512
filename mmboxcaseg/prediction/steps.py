"""The steps of a config's pipeline, without the framework that runs it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .crops import BoxCrops, Boxes, check_crop_options, crop_boxes
from .other_boxes import COLOURS, MAPS

# The steps of a pipeline in their order, with the settings that each may have.
KNOWN = {
    'LoadImageFromFile': ('stretch_16bit',),
    'CropBoxes': ('size', 'margins', 'grow', 'other_boxes'),
    'PackBoxPrompts': (),
}


@dataclass(frozen=True)
class PromptSteps:
    """The steps that the pipeline of a ``BoxPromptDataset`` does with a photo.

    Attributes:
        size (int): Side S of the crops in pixels. Defaults to 320.
        margins (tuple[float, ...]): Margins of the crops, see
            :func:`crop_boxes`. Defaults to (0,).
        grow (float): Growth of the rectangles, see :func:`crop_boxes`.
            Defaults to 0.
        stretch_16bit (bool): Whether 16-bit photos are converted by the bits
            that they use, see
            :func:`~mmboxcaseg.decoding.decode_eight_bits`. Defaults to False.
        other_boxes (bool): Whether crops have the maps of other boxes, see
            :func:`crop_boxes`. Defaults to False.

    Raises:
        ValueError: If there are no margins, or a margin or ``grow`` is
            negative.
    """

    size: int = 320
    margins: tuple[float, ...] = (0,)
    grow: float = 0
    stretch_16bit: bool = False
    other_boxes: bool = False

    def __post_init__(self) -> None:
        check_crop_options(self.margins, self.grow)

    @property
    def channels(self) -> int:
        """Number of channels of a crop."""
        return COLOURS + (MAPS if self.other_boxes else 0)

    @classmethod
    def from_pipeline(cls, pipeline: Sequence[Mapping[str, Any]]) -> 'PromptSteps':
        """Read the steps from a config.

        Args:
            pipeline (Sequence[Mapping]): ``pipeline`` of the data set.

        Returns:
            PromptSteps: The steps.

        Raises:
            ValueError: If the pipeline has other steps, or a step has other
                settings.
        """
        kinds = [str(step.get('type')).split('.')[-1] for step in pipeline]
        if kinds != list(KNOWN):
            raise ValueError(
                f'the pipeline of test_dataloader.dataset is {", ".join(kinds)}; '
                f'for an exported model it must be {", ".join(KNOWN)}'
            )
        values: dict[str, Any] = {}
        for kind, step in zip(kinds, pipeline):
            for key, value in step.items():
                if key == 'type':
                    continue
                if key not in KNOWN[kind]:
                    raise ValueError(
                        f'{kind} of the pipeline of test_dataloader.dataset has '
                        f'{key}={value!r}, which an exported model does not '
                        f'support; it supports {", ".join(KNOWN[kind]) or "no keys"}'
                    )
                values[key] = tuple(value) if key == 'margins' else value
        return cls(**values)

    def crop(self, photo: np.ndarray, boxes: Boxes) -> BoxCrops:
        """Crop the boxes of a photo, see :func:`crop_boxes`.

        Args:
            photo (np.ndarray): The photo, (H, W, 3) uint8.
            boxes (np.ndarray): (N, 4) xyxy, in pixels of the photo.

        Returns:
            BoxCrops: The crops.

        Raises:
            ValueError: If a box covers nothing of the photo.
        """
        return crop_boxes(
            photo, boxes, self.size, self.margins, self.grow, self.other_boxes
        )
