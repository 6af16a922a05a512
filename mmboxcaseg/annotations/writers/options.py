"""What is exported, and as what."""

from dataclasses import dataclass

FORMATS = ('coco', 'yolo-seg', 'labelstudio', 'cvat', 'labelme', 'png')
SEGMENTATIONS = ('rle', 'polygons')
# Formats that can hold a mask either way, and which is taken if neither is
# asked for.
EITHER = {'coco': 'polygons', 'cvat': 'rle', 'labelme': 'rle'}
# Formats that are a folder of files.
FOLDERS = ('yolo-seg', 'labelme', 'png')


@dataclass(frozen=True)
class ExportOptions:
    """A format, and which masks are written to it, and how.

    Attributes:
        format (str): One of ``FORMATS``.
        segmentation (str, optional): ``'rle'`` (pixels; what a format has for
            them) or ``'polygons'``, which lose their holes; for ``'coco'``,
            ``'cvat'`` and ``'labelme'``. None: polygons for ``'coco'`` and
            with ``simplify``, else pixels.
        simplify (float, optional): How far polygons may be from the mask's
            outline, in pixels, to have fewer points. None: 0.
        min_confidence (float, optional): Masks with a lower confidence are
            left out, in [0, 1].
        min_agreement (float, optional): So are masks with a lower agreement,
            in [0, 1].
        min_area (int, optional): So are masks of fewer pixels, counted after
            holes are filled and parts are taken away.
        fill_holes (int, optional): Holes of up to so many pixels are filled.
        largest_part (bool): Whether only the largest part of each mask is
            kept.

    Raises:
        ValueError: If a value makes no sense, or not with this format.
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
        """Check the values."""
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
        """Check what is asked for the form of the masks."""
        if self.segmentation is not None and self.format not in EITHER:
            raise ValueError(
                f'--segmentation goes with {", ".join(EITHER)}; '
                f'{self.format} holds '
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
                f'--simplify takes points out of polygons, and '
                f'{held}{self.format} holds pixels; leave it out'
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
        """Whether masks are left out for what they are."""
        least = (self.min_confidence, self.min_agreement, self.min_area)
        return any(one is not None for one in least)


def _option(name: str) -> str:
    return f'--{name.replace("_", "-")}'
