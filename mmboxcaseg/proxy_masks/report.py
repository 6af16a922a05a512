"""The report on a file of masks: what is in it, what was skipped and why."""

import json
import os
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from mmboxcaseg.annotations import SkippedFile
from mmboxcaseg.annotations.box_file import Id
from mmboxcaseg.annotations.output import remove_unfinished, write_json


@dataclass(frozen=True)
class SkippedImage:
    """An image that could not be used; its annotations have empty masks.

    Attributes:
        image_id (int | str): Id of the image.
        file_name (str): Path of its photo below the folder of the photos.
        reason (str): Why it could not be used.
        annotations (tuple[int | str, ...]): Ids of its annotations.
    """

    image_id: Id
    file_name: str
    reason: str
    annotations: tuple[Id, ...]


@dataclass(frozen=True)
class SkippedBox:
    """A box that covers nothing of its image; its mask is empty.

    Attributes:
        id (int | str): Id of the annotation.
        image_id (int | str): Id of its image.
        reason (str): Why the box could not be used.
    """

    id: Id
    image_id: Id
    reason: str


@dataclass(frozen=True, eq=False)
class JoinReport:
    """What is in a joined file, and what was skipped.

    Attributes:
        images (int): Number of images.
        masks (int): Number of annotations that got a mask.
        empty (int): Number of these masks that are empty.
        crowds (int): Number of crowd annotations, which are not changed.
        kept (int): Number of annotations that kept the mask they had. They
            are not counted in ``masks``.
        skipped_images (tuple[SkippedImage, ...]): Images that could not be
            used, in the order of the input.
        skipped_annotations (tuple[SkippedBox, ...]): Boxes that could not be
            used, in the order of the input.
        left_out (tuple[SkippedFile, ...]): Annotation files that were
            skipped because the size of their photo could not be found. Their
            images are not in the output.
        agreements (np.ndarray): (predicted,) float64, agreement of each mask
            that was predicted, in [0, 1]; boxes that were skipped have none.
            Not written to the report's file.
        confidences (np.ndarray): (predicted,) float64, confidence of each mask
            that was predicted, in [0, 1]; empty if the masks have none. Not
            written to the report's file.
        expected_ious (np.ndarray): (predicted + kept,) float64, expected IoU of
            each mask that was predicted or kept, in [0, 1]; empty without a
            calibration. Not written to the report's file.
    """

    images: int = 0
    masks: int = 0
    empty: int = 0
    crowds: int = 0
    kept: int = 0
    skipped_images: tuple[SkippedImage, ...] = ()
    skipped_annotations: tuple[SkippedBox, ...] = ()
    left_out: tuple[SkippedFile, ...] = ()
    agreements: np.ndarray = field(default_factory=lambda: np.zeros(0))
    confidences: np.ndarray = field(default_factory=lambda: np.zeros(0))
    expected_ious: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def summary(self) -> str:
        """The counts and the mean scores as a line of text.

        The means are over the boxes that were not skipped.
        """
        text = (
            f'{self.images} images, {self.masks} masks, {self.empty} of '
            f'them empty, {self.crowds} crowds passed through'
        )
        if self.kept:
            text += f', {self.kept} given masks kept'
        skipped = len(self.skipped_annotations) + sum(
            len(image.annotations) for image in self.skipped_images
        )
        if skipped:
            text += f', {skipped} boxes skipped'
            if len(self.agreements):
                text += ' and not in the means'
        if len(self.confidences):
            text += f', mean confidence {self.confidences.mean():.3f}'
        if len(self.agreements):
            text += f', mean agreement {self.agreements.mean():.3f}'
        if len(self.expected_ious):
            text += f', expected mean IoU {self.expected_ious.mean():.2f}'
        return text

    def skips(self) -> str | None:
        """How much was skipped, as text; None if nothing was."""
        counts = [
            (len(self.skipped_images), 'images'),
            (len(self.skipped_annotations), 'boxes'),
            (len(self.left_out), 'annotation files'),
        ]
        if not any(count for count, _ in counts):
            return None
        return 'skipped ' + ', '.join(
            f'{count} {text}' for count, text in counts if count
        )

    def write(self, out_file: str) -> None:
        """Write the report as json.

        Args:
            out_file (str): Path of the file of masks. The report lies beside
                it, see :func:`report_path`.
        """
        content = asdict(self)
        for column in ('agreements', 'confidences', 'expected_ious'):
            del content[column]
        remove_unfinished(report_path(out_file))
        write_json(report_path(out_file), content)

    @classmethod
    def read(cls, out_file: str) -> 'JoinReport':
        """Read the report on a file that an earlier run has completed.

        Args:
            out_file (str): Path of the file of masks.

        Returns:
            JoinReport: The report, without the scores of single masks.

        Raises:
            FileNotFoundError: If there is no report.
        """
        with open(report_path(out_file), encoding='utf-8') as file:
            content = json.load(file)
        kinds: Any = dict(
            skipped_images=SkippedImage,
            skipped_annotations=SkippedBox,
            left_out=SkippedFile,
        )
        values: dict[str, Any] = {
            key: tuple(kinds[key](**one) for one in value) if key in kinds else value
            for key, value in content.items()
        }
        return cls(**values)


def report_path(out_file: str) -> str:
    """Path of the report on a file of masks.

    Args:
        out_file (str): Path of the file, such as ``'masks.json'``.

    Returns:
        str: Such as ``'masks.report.json'``.
    """
    return f'{os.path.splitext(out_file)[0]}.report.json'
