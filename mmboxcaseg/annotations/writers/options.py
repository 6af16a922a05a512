"""Options of an export."""

from dataclasses import dataclass

FORMATS = ('coco', 'yolo-seg', 'labelstudio', 'cvat', 'labelme', 'png')
SEGMENTATIONS = ('rle', 'polygons')
# Formats that can hold masks as pixels or as polygons, with the default.
EITHER = {'coco': 'polygons', 'cvat': 'rle', 'labelme': 'rle'}
# Formats that are written as a folder of files.
FOLDERS = ('yolo-seg', 'labelme', 'png')


@dataclass(frozen=True)
class ExportOptions:
    """The format of an export, which masks it has, and how they are written.

    Attributes:
        format (str): One of ``FORMATS``. Defaults to ``'coco'``.
        segmentation (str, optional): How ``'coco'``, ``'cvat'`` and
            ``'labelme'`` hold masks: ``'rle'`` for pixels, or ``'polygons'``,
            which have no holes. Defaults to None: polygons for ``'coco'`` or
            if ``simplify`` is given, else pixels.
        simplify (float, optional): Largest distance in pixels between a
            polygon and the outline of its mask, above 0. A larger one gives
            fewer points. Defaults to None: polygons are not simplified.
        min_confidence (float, optional): Masks with a lower confidence are
            left out, in [0, 1]. Defaults to None.
        min_agreement (float, optional): Masks with a lower agreement are left
            out, in [0, 1]. Defaults to None.
        min_area (int, optional): Masks with fewer pixels are left out, 1 or
            more. They are counted after ``fill_holes`` and ``largest_part``
            are applied. Defaults to None.
        fill_holes (int, optional): Holes of up to this many pixels are
            filled, 1 or more. Defaults to None: none is filled.
        largest_part (bool): Whether only the largest connected part of each
            mask is kept. Defaults to False.

    Raises:
        ValueError: If a value is out of its range, or the format does not
            support it.
    """

    format: str = 'coco'
    segmentation: str | None = None
    simplify: float | None = None
    min_confidence: float | None = None
    min_agreement: float | None = None
    min_area: int | None = None
    fill_holes: int | None = None
    largest_part: bool = False

    def __post_init__(self) -> None:
        """Check all values."""
        for name, known in (('format', FORMATS), ('segmentation', SEGMENTATIONS)):
            value = getattr(self, name)
            if value not in known and (name == 'format' or value is not None):
                raise ValueError(
                    f'{name} is {value!r}; it must be one of {", ".join(known)}'
                )
        for name in ('min_confidence', 'min_agreement'):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise ValueError(f'{_option(name)} is {value}; it must be from 0 to 1')
        for name in ('min_area', 'fill_holes'):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(
                    f'{_option(name)} is {value}; it must be 1 or more pixels'
                )
        self._check_polygons()

    def _check_polygons(self) -> None:
        """Check that the format supports ``segmentation`` and ``simplify``."""
        if self.segmentation is not None and self.format not in EITHER:
            raise ValueError(
                f'--segmentation goes with {", ".join(EITHER)}; '
                f'{self.format} always has '
                f'{"polygons" if self.polygons else "pixels"}'
            )
        if self.simplify is None:
            return
        if not 0 < self.simplify < float('inf'):
            raise ValueError(
                f'--simplify is {self.simplify}; it must be more than 0 pixels'
            )
        if not self.polygons:
            held = 'with --segmentation rle ' if self.segmentation else ''
            raise ValueError(
                f'--simplify removes points of polygons, but {held}'
                f'{self.format} has pixels; leave it out'
            )

    @property
    def polygons(self) -> bool:
        """Whether masks are written as polygons."""
        if self.format not in EITHER:
            return self.format == 'yolo-seg'
        if self.segmentation is None and self.simplify is not None:
            return True
        return (self.segmentation or EITHER[self.format]) == 'polygons'

    @property
    def chooses(self) -> bool:
        """Whether masks are left out for their scores or their area."""
        least = (self.min_confidence, self.min_agreement, self.min_area)
        return any(one is not None for one in least)


def _option(name: str) -> str:
    return f'--{name.replace("_", "-")}'
