"""The masks that an export writes, image by image."""

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
from ..instances import SKIPPED
from ..mask_file import MaskFile
from .options import ExportOptions
from .report import ExportReport

# Formats that keep crowds, and also rejected masks with their mark.
MARKED = ('coco', 'cvat')
# Formats in which an object may be a box alone.
WITH_BOXES = ('coco', 'cvat', 'labelstudio', 'labelme')
NO_MASK = 'without a mask'


@dataclass(frozen=True, eq=False)
class ExportObject:
    """An annotation that is exported.

    Attributes:
        place (int): Place of the annotation in the file.
        id (int | str): Id of the annotation.
        category (int): Place of its category.
        box (np.ndarray): Box as annotated, xyxy in pixels, (4,) float64.
        mask (np.ndarray): Mask within ``rect``, (y1 - y0, x1 - x0) bool.
        rect (tuple[int, int, int, int]): Tight rectangle of the mask in
            pixels of the image: x0, y0, x1, y1, half-open; all 0 if the mask
            is empty.
        scores (dict[str, float]): Scores of the mask that the file has, by
            name, in [0, 1].
        changes (tuple[str, ...]): Changes made to the mask, as
            :meth:`ExportJob.changed` takes them.
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
        """Whether the mask has no pixels."""
        return not self.mask.size


@dataclass(frozen=True, eq=False)
class ExportImage:
    """An image that is exported, with its objects.

    Attributes:
        image (int): Place of the image in the file.
        name (str): Path of the photo below the folder of the photos.
        size (tuple[int, int]): Height and width in pixels.
        objects (list[ExportObject]): Annotations that are exported, in the
            order of the file.
        crowds (list[int]): Places of crowds that are exported unchanged.
        left_out (list[int]): Places of annotations that are left out.
    """

    image: int
    name: str
    size: tuple[int, int]
    objects: list[ExportObject]
    crowds: list[int]
    left_out: list[int]


@dataclass(eq=False)
class ExportJob:
    """An export: what a writer needs, and a record of what it has done.

    Attributes:
        masks (MaskFile): The masks.
        out (str): Path of the file or folder to write.
        options (ExportOptions): The format, which masks are written, and how.
        img_dir (str | None): Folder of the photos; None if it is not known.
        notes (list[str]): Notes of the writer for the user.

    Raises:
        ValueError: If the masks lack a score that the options use.
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
        """Check that the masks fit the options."""
        for score in ('confidence', 'agreement'):
            if getattr(self.options, f'min_{score}') is not None and (
                score not in self.masks.scores
            ):
                raise ValueError(
                    f'{self.masks.boxes.path} has no "proxy_{score}", so '
                    f'--min-{score} has nothing to compare with; leave it out'
                )

    def images(self) -> Iterator[ExportImage]:
        """Iterate over the images to export.

        Yields:
            ExportImage: An image, with or without objects. A format that can
            hold only masks leaves out images whose photo could not be used.
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
        """Record that a mask is not written exactly as it is.

        Args:
            place (int): Place of the annotation.
            what (str): The change, as a sentence about several masks, such as
                ``'masks got holes filled'``.
        """
        self._changed.setdefault(what, []).append(self.masks.boxes.box_ids[place])

    def rle(self, found: ExportObject) -> RLE:
        """Get the mask of an object as an RLE that has the size of its image.

        Args:
            found (ExportObject): The object.

        Returns:
            dict: Compressed RLE.
        """
        return encode_rle(found.mask, found.rect, *self.masks.size(found.place))

    def report(self) -> ExportReport:
        """Report what has been exported so far.

        Returns:
            ExportReport: Counts, reasons and notes.
        """
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
        """Add an annotation to the objects, crowds or left-out ones."""
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
        """The reason to leave out an annotation before its mask is decoded."""
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
        """Decode the mask of an annotation and apply the options to it."""
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
    """Crop a mask to its tight rectangle.

    Args:
        mask (np.ndarray): Mask, (H, W) bool.

    Returns:
        tuple[np.ndarray, tuple[int, int, int, int]]: The cropped mask, and
        its rectangle x0, y0, x1, y1 in pixels, half-open. If the mask is
        empty, so is the crop, and the rectangle is all 0.

    Example:
        >>> mask = np.zeros((4, 5), dtype=bool)
        >>> mask[1:3, 2:5] = True
        >>> tight_crop(mask)[1]
        (2, 1, 5, 3)
    """
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return mask[:0, :0], (0, 0, 0, 0)
    y0, y1 = int(rows[0]), int(rows[-1]) + 1
    x0, x1 = int(columns[0]), int(columns[-1]) + 1
    return mask[y0:y1, x0:x1], (x0, y0, x1, y1)
