"""The pipeline of a config, without the framework that runs it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .crops import BoxCrops, Boxes, check_crop_options, crop_boxes

# Steps of the pipeline in their order, with the settings that are known here.
KNOWN = {
    'LoadImageFromFile': ('stretch_16bit',),
    'CropBoxes': ('size', 'margins', 'grow'),
    'PackBoxPrompts': (),
}


@dataclass(frozen=True)
class PromptSteps:
    """What the pipeline of a ``BoxPromptDataset`` does to a photo.

    Attributes:
        size (int): S, side of the crops in pixels.
        margins (tuple[float, ...]): See :func:`crop_boxes`.
        grow (float): See :func:`crop_boxes`.
        stretch_16bit (bool): See
            :func:`~mmboxcaseg.decoding.decode_eight_bits`.

    Raises:
        ValueError: If margins or ``grow`` can't be taken.
    """

    size: int = 320
    margins: tuple[float, ...] = (0,)
    grow: float = 0
    stretch_16bit: bool = False

    def __post_init__(self) -> None:
        check_crop_options(self.margins, self.grow)

    @classmethod
    def from_pipeline(cls, pipeline: Sequence[Mapping[str, Any]]) -> 'PromptSteps':
        """The steps of a config.

        Args:
            pipeline (Sequence[Mapping]): ``pipeline`` of the data set.

        Returns:
            PromptSteps: The steps.

        Raises:
            ValueError: If there are other steps, or other settings of them.
        """
        kinds = [str(step.get('type')).split('.')[-1] for step in pipeline]
        if kinds != list(KNOWN):
            raise ValueError(
                f'the pipeline of test_dataloader.dataset is {", ".join(kinds)}; '
                f'an exported model can have {", ".join(KNOWN)} only'
            )
        values: dict[str, Any] = {}
        for kind, step in zip(kinds, pipeline):
            for key, value in step.items():
                if key == 'type':
                    continue
                if key not in KNOWN[kind]:
                    raise ValueError(
                        f'{kind} of the pipeline of test_dataloader.dataset has '
                        f'{key}={value!r}, which an exported model can not have'
                    )
                values[key] = tuple(value) if key == 'margins' else value
        return cls(**values)

    def crop(self, photo: np.ndarray, boxes: Boxes) -> BoxCrops:
        """The crops of the boxes of a photo, see :func:`crop_boxes`."""
        return crop_boxes(photo, boxes, self.size, self.margins, self.grow)
