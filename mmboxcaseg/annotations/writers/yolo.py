"""Writing YOLO's segmentation labels, one polygon per line."""

import json
import os
import os.path as osp
from dataclasses import dataclass

import numpy as np

from mmboxcaseg.masks import centre_rings, join_rings, simplify
from mmboxcaseg.version import __version__

from ..box_file import BoxFile
from ..output import check_not_photos, write_text
from .folder import ExportPlace, check_folder, finish, mark
from .job import ExportImage, ExportJob, ExportObject

# Offset added to the column and the row of a pixel on the outline. Readers
# draw polygons with cv2.fillPoly, for which a point is a pixel. Some round to
# it (supervision), others truncate (ultralytics), so the offset must be below
# a half. Readers that shrink the photo first need the middle of the pixel, so
# it is close to a half.
OFFSET = 0.45
# Files beside the labels: the list of photos, and the one that names it.
LIST, DATA = 'train.txt', 'data.yaml'
HEAD = """\
# {masks} as segmentation labels, by boxcaseg {version}.
# The list of photos has their paths relative to the folder of this file.
train: train.txt
# The same photos: replace them by a list of others before you trust a score.
val: train.txt
names:
"""


@dataclass(frozen=True)
class _Layout:
    """Paths at which trainers look for a photo and its labels.

    Trainers derive the path of the labels from that of the photo: they
    replace the last folder named ``images`` by ``labels``.

    Attributes:
        photos (str): Folder of photos, below the folder of the export.
        source (str): The same folder, below the folder of the user's photos.
        name (str): Path of the photo below ``photos``.
    """

    photos: str
    source: str
    name: str

    @classmethod
    def of(cls, name: str) -> '_Layout':
        parts = osp.normpath(name).replace(os.sep, '/').split('/')
        if 'images' not in parts[:-1]:
            return cls('images', '.', '/'.join(parts))
        last = len(parts) - 2 - parts[-2::-1].index('images')
        photos = '/'.join(parts[: last + 1])
        return cls(photos, photos, '/'.join(parts[last + 1 :]))

    @property
    def labels(self) -> str:
        """Folder of the labels, below the folder of the export."""
        return f'{self.photos[: -len("images")]}labels'

    @property
    def label(self) -> str:
        """Path of the photo's labels, below the folder of the export."""
        return f'{self.labels}/{osp.splitext(self.name)[0]}.txt'


def check_yolo_seg(place: ExportPlace) -> None:
    """Check that :func:`write_yolo_seg` can fill its folder.

    Args:
        place (ExportPlace): The folder of the export.

    Raises:
        ValueError: If trainers could not find the labels of all photos, or as
            of :func:`~.folder.check_folder`.
    """
    layouts, sources = _layouts(place.boxes)
    if place.img_dir is not None:
        _check_links(place.out, place.img_dir, sources)
    check_folder(
        place,
        {name: [one.label] for name, one in layouts.items()},
        sorted({one.labels for one in layouts.values()}),
        [LIST, DATA],
    )


def write_yolo_seg(job: ExportJob) -> None:
    """Write a folder of labels, with ``data.yaml`` and ``train.txt``.

    Each image gets a file with a line for each object: the number of its
    class, from 0 in the order of the file's categories, and the points of one
    polygon, as fractions of the photo's size. If a mask has several parts,
    the polygon connects them by bridges of zero width.

    Args:
        job (ExportJob): The export. ``out`` is the path of the folder.

    Raises:
        OSError: If a file can't be written.
        ValueError: If trainers could not find the labels of all photos.
    """
    boxes = job.masks.boxes
    layouts, sources = _layouts(boxes)
    mark(job)
    photos, distance = [], job.options.simplify or 0
    for image in job.images():
        layout = layouts[image.name]
        write_text(
            osp.join(job.out, layout.label),
            ''.join(f'{_line(one, image, distance)}\n' for one in image.objects),
        )
        photos.append(f'./{layout.photos}/{layout.name}\n')
    if job.img_dir is None:
        job.notes.append(
            'put the photos into '
            + ' and '.join(osp.join(job.out, one) for one in sorted(sources))
        )
    else:
        _link(job, sources)
    write_text(osp.join(job.out, LIST), ''.join(photos))
    # Json strings are valid YAML.
    names = ''.join(
        f'  {number}: {json.dumps(name, ensure_ascii=False)}\n'
        for number, name in enumerate(boxes.category_names)
    )
    head = HEAD.format(masks=osp.basename(boxes.path), version=__version__)
    write_text(osp.join(job.out, DATA), head + names)
    finish(job)


def polygon(mask: np.ndarray, distance: float = 0) -> np.ndarray:
    """Convert a mask to one polygon through the pixels on its outline.

    Args:
        mask (np.ndarray): Mask with at least one pixel, (H, W) bool.
        distance (float): Largest distance in pixels between the simplified
            polygon and the outline. Defaults to 0: it is not simplified.

    Returns:
        np.ndarray: Column and row of P >= 3 pixels, (P, 2) float64.
    """
    rings = centre_rings(mask)
    if distance:
        rings = [simplify(ring, distance) for ring in rings]
    ring = join_rings(rings)
    if len(ring) < 3:
        # The mask is a row of pixels. Fewer numbers would be read as a box.
        ring = np.concatenate([ring] * 3)[:3]
    return ring


def _line(found: ExportObject, image: ExportImage, distance: float) -> str:
    """The line of an object."""
    left, top = found.rect[:2]
    height, width = image.size
    points = polygon(found.mask, distance) + (left, top)
    points = (points + OFFSET) / (width, height)
    return ' '.join([str(found.category), *(f'{one:.7f}' for one in points.ravel())])


def _layouts(boxes: BoxFile) -> tuple[dict[str, _Layout], dict[str, str]]:
    """The layout of each photo, and the source of each folder of photos."""
    layouts = {name: _Layout.of(name) for name in boxes.file_names}
    sources: dict[str, str] = {}
    for name, layout in layouts.items():
        if sources.setdefault(layout.photos, layout.source) != layout.source:
            raise ValueError(
                f'{boxes.path}: {name!r} and the other photos must lie either '
                'all inside a folder "images" or all outside one, since '
                'trainers find labels by that name; move the photos'
            )
    return layouts, sources


def _check_links(out: str, img_dir: str, sources: dict[str, str]) -> None:
    """Raise ValueError if other photos lie where trainers look for them."""
    for photos, source in sources.items():
        place = osp.join(out, photos)
        wanted = osp.normpath(osp.join(img_dir, source))
        # Photos in folders called "images" may get their labels beside them.
        if source == '.':
            check_not_photos('--out', out, img_dir)
        if osp.lexists(place) and not (
            osp.exists(place) and osp.samefile(place, wanted)
        ):
            raise ValueError(
                f'{place} exists and is not {wanted}, but trainers will look '
                'there for the photos; give another folder'
            )


def _link(job: ExportJob, sources: dict[str, str]) -> None:
    """Link the photos to where trainers look for them."""
    for photos, source in sorted(sources.items()):
        place = osp.join(job.out, photos)
        target = osp.abspath(osp.join(job.img_dir or '', source))
        if osp.exists(place):
            continue
        os.makedirs(osp.dirname(place), exist_ok=True)
        try:
            os.symlink(target, place, target_is_directory=True)
        except OSError as error:
            job.notes.append(
                f'copy the photos from {target} to {place} (they could not be '
                f'linked: {error.strerror})'
            )
