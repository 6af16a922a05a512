"""YOLO's segmentation labels: a polygon a line."""

import json
import os
import os.path as osp
from dataclasses import dataclass

import numpy as np

from mmboxcaseg.masks import centre_rings, join_rings, simplify
from mmboxcaseg.version import __version__

from ..output import write_text
from .folder import claim, finish
from .job import ExportImage, ExportJob, ExportObject

# What is added to the column and the row of a border's pixel. Readers draw
# polygons by cv2.fillPoly, for which a point is a pixel: some round to it
# (supervision), others cut digits off (ultralytics), so that it must be below
# a half; those that make the photo smaller first want the pixel's middle, so
# that it is near a half.
OFFSET = 0.45
HEAD = """\
# {masks} as segmentation labels, by boxcaseg {version}.
# Photos are looked for beside this file, in the folders of the list.
train: train.txt
# The same photos: put a list of others here before you trust a score.
val: train.txt
names:
"""


@dataclass(frozen=True)
class _Layout:
    """Where trainers look for a photo and for its labels.

    They take the label's path from the photo's: ``labels`` in place of the
    last folder that is called ``images``.

    Attributes:
        photos (str): Folder of photos below the export's folder.
        source (str): Which one of the photos' folder it is.
        name (str): Path of the photo below it.
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
        """Folder of labels below the export's folder."""
        return f'{self.photos[: -len("images")]}labels'

    @property
    def label(self) -> str:
        """Path of the labels below the export's folder."""
        return f'{self.labels}/{osp.splitext(self.name)[0]}.txt'


def write_yolo_seg(job: ExportJob) -> None:
    """Write a folder of labels, ``data.yaml`` and ``train.txt``.

    Each image gets a file, with a line for each object: the number of its
    class, from 0 on in the order of the file's categories, and the points of
    one polygon, as parts of the photo's size. Parts are joined by bridges of
    no width.

    Args:
        job (ExportJob): What to write; ``out`` is the folder.

    Raises:
        ValueError: As of :func:`~.folder.claim`, and if the photos can't be
            laid out.
    """
    boxes = job.masks.boxes
    layouts = {name: _Layout.of(name) for name in boxes.file_names}
    sources: dict[str, str] = {}
    for name, layout in layouts.items():
        if sources.setdefault(layout.photos, layout.source) != layout.source:
            raise ValueError(
                f'{boxes.path}: {name!r} and other photos lie in and beside a '
                'folder "images", and trainers find their labels by its name; '
                'put them all into it, or none'
            )
    if job.img_dir is not None:
        _check_links(job, sources)
    claim(
        job,
        {name: [one.label] for name, one in layouts.items()},
        sorted({one.labels for one in layouts.values()}),
    )
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
            'photos belong into '
            + ' and '.join(osp.join(job.out, one) for one in sorted(sources))
        )
    else:
        _link(job, sources)
    write_text(osp.join(job.out, 'train.txt'), ''.join(photos))
    # A json text is one of YAML too.
    names = ''.join(
        f'  {number}: {json.dumps(name, ensure_ascii=False)}\n'
        for number, name in enumerate(boxes.category_names)
    )
    head = HEAD.format(masks=osp.basename(boxes.path), version=__version__)
    write_text(osp.join(job.out, 'data.yaml'), head + names)
    finish(job)


def polygon(mask: np.ndarray, distance: float = 0) -> np.ndarray:
    """The one polygon of a mask, through the pixels of its border.

    Args:
        mask (np.ndarray): (H, W) bool; not empty.
        distance (float): How far it may be from the outline of each part, in
            pixels, to have fewer points. Defaults to 0.

    Returns:
        np.ndarray: (P, 2) float64, column and row of pixels; three points at
        least.
    """
    rings = centre_rings(mask)
    if distance:
        rings = [simplify(ring, distance) for ring in rings]
    ring = join_rings(rings)
    if len(ring) < 3:
        # A single pixel or a row of them; fewer numbers would be a box.
        ring = np.concatenate([ring] * 3)[:3]
    return ring


def _line(found: ExportObject, image: ExportImage, distance: float) -> str:
    """The line of an object."""
    left, top = found.rect[:2]
    height, width = image.size
    points = polygon(found.mask, distance) + (left, top)
    points = (points + OFFSET) / (width, height)
    return ' '.join([str(found.category), *(f'{one:.7f}' for one in points.ravel())])


def _check_links(job: ExportJob, sources: dict[str, str]) -> None:
    """Raise ValueError if other photos are where the trainer looks."""
    for photos, source in sources.items():
        place = osp.join(job.out, photos)
        wanted = osp.normpath(osp.join(job.img_dir or '', source))
        if osp.lexists(place) and not (
            osp.exists(place) and osp.samefile(place, wanted)
        ):
            raise ValueError(
                f'{place} is there and is not {wanted}, but '
                'trainers look there for the photos; give '
                'another folder'
            )


def _link(job: ExportJob, sources: dict[str, str]) -> None:
    """Put the photos where the trainer looks for them, as links."""
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
                f'put the photos of {target} into {place} '
                f'yourself (no link: {error.strerror})'
            )
