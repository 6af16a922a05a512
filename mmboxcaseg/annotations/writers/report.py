"""The report of an export."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mmboxcaseg.text import listed

from ..box_file import Id


@dataclass(frozen=True)
class ExportReport:
    """What an export has written and what it has left out.

    Attributes:
        images (int): Number of images written.
        masks (int): Number of masks written, without crowds.
        crowds (int): Number of crowds written unchanged.
        left_out (Mapping[str, int]): Numbers of annotations that were left
            out, by reason.
        changed (Mapping[str, Sequence[int | str]]): Ids of annotations whose
            mask is not written exactly as it is, by the change.
        notes (Sequence[str]): Notes of the writer for the user.
    """

    images: int
    masks: int
    crowds: int
    left_out: Mapping[str, int]
    changed: Mapping[str, Sequence[Id]]
    notes: Sequence[str] = ()

    def summary(self) -> str:
        """Summarize the report in a line of text."""
        text = f'{self.images} images, {self.masks} masks'
        if self.crowds:
            text += f', {self.crowds} crowds passed through'
        if self.left_out:
            text += '; left out: ' + ', '.join(
                f'{count} {reason}' for reason, count in self.left_out.items()
            )
        for what, ids in self.changed.items():
            text += f'; {len(ids)} {what} (annotations {listed(ids)})'
        return '; '.join([text, *self.notes])
