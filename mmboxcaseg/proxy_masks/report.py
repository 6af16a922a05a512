"""What was left out of a run, and why: counted, listed, written down."""
import json
import os
from dataclasses import asdict, dataclass, field
from typing import Any, Dict, List, Optional

import numpy as np

from .shards import write_json


class BadInputError(ValueError):
    """A single photo can't be used, while the rest of the input can."""


@dataclass
class JoinReport:
    """What went into a joined file.

    Attributes:
        images (int): Number of images.
        masks (int): Number of annotations that got a mask.
        empty (int): How many of these masks are empty.
        crowds (int): Number of crowd annotations, passed through.
        skipped_images (list[dict]): ``image_id``, ``file_name``, ``reason``
            and ``annotations`` (ids) of each image that could not be used;
            these annotations have an empty mask, and agreement 0.
        skipped_annotations (list[dict]): ``id``, ``image_id`` and ``reason``
            of each annotation whose box covers nothing of its image; likewise.
        left_out (list[dict]): ``file`` and ``reason`` of each annotation
            file whose image is not in the output at all, since its size could
            not be found.
        agreements (np.ndarray): (masks,) agreement of each mask.
    """
    images: int = 0
    masks: int = 0
    empty: int = 0
    crowds: int = 0
    skipped_images: List[Dict[str, Any]] = field(default_factory=list)
    skipped_annotations: List[Dict[str, Any]] = field(default_factory=list)
    left_out: List[Dict[str, Any]] = field(default_factory=list)
    agreements: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def summary(self) -> str:
        """The counts in a line of text."""
        text = (f'{self.images} images, {self.masks} masks, {self.empty} of '
                f'them empty, {self.crowds} crowds passed through')
        if self.masks:
            kept = 100 * np.mean(self.agreements >= 0.95)
            text += (f', mean agreement {self.agreements.mean():.3f}, '
                     f'{kept:.1f} % at 0.95 or above')
        return text

    def write(self, out_file: str) -> None:
        """Write it as json beside ``out_file``, see :func:`report_path`."""
        content = asdict(self)
        del content['agreements']
        write_json(report_path(out_file), content)


def report_path(out_file: str) -> str:
    """Path of the report on an output file."""
    return f'{os.path.splitext(out_file)[0]}.report.json'


def describe_skips(out_file: str) -> Optional[str]:
    """What the report on an output file says was skipped.

    Args:
        out_file (str): Path of a joined file; its report must be there.

    Returns:
        str or None: A line of text; None if nothing was skipped.

    Raises:
        FileNotFoundError: If there is no report.
    """
    path = report_path(out_file)
    with open(path, encoding='utf-8') as file:
        report = json.load(file)
    counts = [(len(report[key]), text)
              for key, text in (('skipped_images',
                                 'images'), ('skipped_annotations', 'boxes'),
                                ('left_out', 'annotation files'))]
    if not any(count for count, _ in counts):
        return None
    parts = ', '.join(f'{count} {text}' for count, text in counts if count)
    return f'skipped {parts}, listed in {path}'
