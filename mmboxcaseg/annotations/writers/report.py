"""What went into an export, what did not, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..box_file import Id

# Most ids that are named in a summary.
NAMED = 5


@dataclass(frozen=True)
class ExportReport:
    """What was written.

    Attributes:
        images (int): Number of images.
        masks (int): Number of masks, crowds not counted.
        crowds (int): Number of crowds that passed through.
        left_out (Mapping[str, int]): Number of annotations that were left
            out, by the reason.
        changed (Mapping[str, Sequence[int | str]]): Ids of annotations whose
            mask is not written to the pixel, by what became of it.
        notes (Sequence[str]): What else there is to know.
    """

    images: int
    masks: int
    crowds: int
    left_out: Mapping[str, int]
    changed: Mapping[str, Sequence[Id]]
    notes: Sequence[str] = ()

    def summary(self) -> str:
        """All of it in a line of text."""
        text = f'{self.images} images, {self.masks} masks'
        if self.crowds:
            text += f', {self.crowds} crowds passed through'
        if self.left_out:
            text += '; left out: ' + ', '.join(
                f'{count} {reason}' for reason, count in self.left_out.items()
            )
        for what, ids in self.changed.items():
            named = ', '.join(str(one) for one in ids[:NAMED])
            more = ', ...' if len(ids) > NAMED else ''
            text += f'; {len(ids)} {what} (annotations {named}{more})'
        return '; '.join([text, *self.notes])
