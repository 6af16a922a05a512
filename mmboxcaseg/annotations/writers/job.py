"""The masks that an export writes, image by image."""

import os.path as osp
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from mmboxcaseg.masks import (
    RLE,
    count_holes,
    decode_rle,
    encode_rle,
    fill_holes,
    largest_part,
)

from ..box_file import Id
from ..coco import check_file_names
from ..instances import SKIPPED
from ..mask_file import MaskFile
from .options import FOLDERS, ExportOptions
from .report import ExportReport

# Formats that keep crowds, and masks that were rejected with their mark.
MARKED = ('coco', 'cvat')
# Formats in which an object may be a box alone.
WITH_BOXES = ('coco', 'cvat', 'labelstudio', 'labelme')
NO_MASK = 'without a mask'


@dataclass(frozen=True, eq=False)
class ExportObject:
    """An annotation that is written.

    Attributes:
        place (int): Its place in the file.
        id (int | str): Its id.
        category (int): Place of its category.
        box (np.ndarray): (4,) float64 xyxy, in pixels, as annotated.
        mask (np.ndarray): (y1 - y0, x1 - x0) bool, its mask in ``rect``.
        rect (tuple[int, int, int, int]): x0, y0, x1, y1, half-open, the
            mask's tight rectangle in pixels; all 0 if it is empty.
        scores (dict[str, float]): Those that the file has, by name, in
            [0, 1].
        changes (tuple[str, ...]): What has been done to its mask.
    """

    place: int
    id: Id
    category: int
    box: np.ndarray
    mask: np.ndarray
    rect: tuple[int, int, int, int]
    scores: dict[str, float]
    changes: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether it has no pixel."""
        return not self.mask.size


@dataclass(frozen=True, eq=False)
class ExportImage:
    """An image that is written, with its objects.

    Attributes:
        image (int): Its place in the file.
        name (str): Its path below the folder of the photos.
        size (tuple[int, int]): Height and width in pixels.
        objects (list[ExportObject]): What is written, in the order of the
            file.
        crowds (list[int]): Places of its crowds, where the format keeps them.
        left_out (list[int]): Places of its other annotations.
    """

    image: int
    name: str
    size: tuple[int, int]
    objects: list[ExportObject]
    crowds: list[int]
    left_out: list[int]


@dataclass(eq=False)
class ExportJob:
    """What a writer is given, and what it tells.

    Attributes:
        masks (MaskFile): The masks.
        out (str): File or folder to write.
        options (ExportOptions): As what.
        img_dir (str | None): Folder of the photos, where it is known.
        notes (list[str]): What the writer has to tell.
    """

    masks: MaskFile
    out: str
    options: ExportOptions
    img_dir: str | None = None
    notes: list[str] = field(default_factory=list)
    _left_out: dict[str, int] = field(default_factory=dict)
    _changed: dict[str, list[Id]] = field(default_factory=dict)
    _images: int = 0
    _masks: int = 0
    _crowds: int = 0

    def __post_init__(self) -> None:
        """Check that the file and the place fit the options."""
        for score in ('confidence', 'agreement'):
            if getattr(self.options, f'min_{score}') is not None and (
                score not in self.masks.scores
            ):
                raise ValueError(
                    f'{self.masks.boxes.path} has no "proxy_{score}", so '
                    f"--min-{score} can't choose; leave it out"
                )
        check_file_names(self.masks.boxes)
        if self.options.format in FOLDERS:
            if osp.exists(self.out) and not osp.isdir(self.out):
                raise ValueError(
                    f'{self.out} is a file; {self.options.format} is a folder'
                )
        elif osp.isdir(self.out):
            raise ValueError(f'{self.out} is a folder; name a file in it')

    def images(self) -> Iterator[ExportImage]:
        """The images of the file, one after the other.

        Yields:
            ExportImage: Also those without objects, but not those whose photo
            could not be used, where a format has nothing to say of them.
        """
        boxes = self.masks.boxes
        for image, name in enumerate(boxes.file_names):
            height, width = boxes.sizes[image].tolist()
            found = ExportImage(image, name, (height, width), [], [], [])
            for place in boxes.places(image).tolist():
                self._sort_in(place, found)
            if SKIPPED in boxes.content['images'][image] and (
                self.options.format not in WITH_BOXES
            ):
                self._leave_out('photos that could not be used')
                continue
            self._images += 1
            yield found

    def changed(self, place: int, what: str) -> None:
        """Tell that a mask is not written to the pixel.

        Args:
            place (int): Place of the annotation.
            what (str): What becomes of it, in the plural: ``'masks ...'``.
        """
        self._changed.setdefault(what, []).append(self.masks.boxes.box_ids[place])

    def rle(self, found: ExportObject) -> RLE:
        """The mask of an object as RLE of its image's size."""
        return encode_rle(found.mask, found.rect, *self.masks.size(found.place))

    def report(self) -> ExportReport:
        """What was written so far."""
        return ExportReport(
            images=self._images,
            masks=self._masks,
            crowds=self._crowds,
            left_out=self._left_out,
            changed=self._changed,
            notes=self.notes,
        )

    @property
    def _needs_pixels(self) -> bool:
        """Whether an object without a mask is left out."""
        return self.options.chooses or self.options.format not in WITH_BOXES

    def _sort_in(self, place: int, image: ExportImage) -> None:
        """Put an annotation where it belongs."""
        if self.masks.boxes.crowd[place] and self.options.format in MARKED:
            self._crowds += 1
            image.crowds.append(place)
            return
        why = self._why_not(place)
        if why is None:
            found = self._object(place)
            least = self.options.min_area
            if found.empty and (self._needs_pixels or not self._has_box(place)):
                why = NO_MASK
            elif least is not None and found.mask.sum() < least:
                why = f'of fewer than {least} pixels'
            else:
                self._masks += not found.empty
                for what in found.changes:
                    self.changed(place, what)
                image.objects.append(found)
                return
        self._leave_out(why)
        image.left_out.append(place)

    def _has_box(self, place: int) -> bool:
        """Whether an annotation's box can be written without a mask."""
        return self.options.format == 'coco' or bool(self.masks.boxes.usable[place])

    def _leave_out(self, why: str) -> None:
        self._left_out[why] = self._left_out.get(why, 0) + 1

    def _why_not(self, place: int) -> str | None:
        """Why an annotation is left out, by what the file says of it."""
        if self.masks.boxes.crowd[place]:
            return 'crowds'
        if self.masks.rejected[place] and self.options.format not in MARKED:
            return 'rejected'
        if self._needs_pixels and SKIPPED in self.masks.boxes.annotation(place):
            return NO_MASK
        for score, values in self.masks.scores.items():
            least = getattr(self.options, f'min_{score}')
            if least is not None and values[place] < least:
                return f'with {score} below {least:g}'
        return None

    def _object(self, place: int) -> ExportObject:
        """An annotation, with its mask as the options want it."""
        boxes, options = self.masks.boxes, self.options
        mask, rect = tight_crop(decode_rle(self.masks.rle(place)))
        changes = []
        if mask.size and options.fill_holes:
            filled = fill_holes(mask, options.fill_holes)
            if (filled != mask).any():
                changes.append('masks got holes filled')
            mask = filled
        if mask.size and options.largest_part:
            largest = largest_part(mask)
            if (largest != mask).any():
                changes.append('masks lost their smaller parts')
                mask, inner = tight_crop(largest)
                x0, y0 = rect[:2]
                rect = inner[0] + x0, inner[1] + y0, inner[2] + x0, inner[3] + y0
        if options.polygons and mask.size and count_holes(mask):
            changes.append("masks lost their holes, which polygons can't have")
        return ExportObject(
            place=place,
            id=boxes.box_ids[place],
            category=int(boxes.category_index[place]),
            box=boxes.boxes[place],
            mask=mask,
            rect=rect,
            scores={
                score: float(values[place])
                for score, values in self.masks.scores.items()
            },
            changes=tuple(changes),
        )


def tight_crop(mask: np.ndarray) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """A mask in its tight rectangle.

    Args:
        mask (np.ndarray): (H, W) bool.

    Returns:
        tuple[np.ndarray, tuple[int, int, int, int]]: The part of it, and
        x0, y0, x1, y1 in pixels, half-open; nothing and zeros if it is empty.
    """
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return mask[:0, :0], (0, 0, 0, 0)
    y0, y1 = int(rows[0]), int(rows[-1]) + 1
    x0, x1 = int(columns[0]), int(columns[-1]) + 1
    return mask[y0:y1, x0:x1], (x0, y0, x1, y1)
