"""Writing Labelme's files, one json per image."""

import base64
import io
import json
import os.path as osp
from typing import Any

import numpy as np
from PIL import Image

from mmboxcaseg.masks import to_polygons

from ..box_file import BoxFile
from ..output import write_text
from .folder import ExportPlace, check_folder, finish, mark
from .job import ExportImage, ExportJob, ExportObject

FOLDER = 'annotations'
# The first version that has shapes of the type "mask".
VERSION = '5.3.0'


def check_labelme(place: ExportPlace) -> None:
    """Check that :func:`write_labelme` can fill its folder.

    Args:
        place (ExportPlace): The folder of the export.

    Raises:
        ValueError: See :func:`~.folder.check_folder`.
    """
    files = {name: [path] for name, path in _paths(place.boxes).items()}
    check_folder(place, files, [FOLDER])


def write_labelme(job: ExportJob) -> None:
    """Write one json per image into the folder ``annotations``.

    An object becomes a shape of the type ``mask``, or one polygon for each of
    its parts, which share a ``group_id``. Without a mask it becomes a
    rectangle.

    Args:
        job (ExportJob): The export. ``out`` is the path of the folder.

    Raises:
        OSError: If a file can't be written.
    """
    boxes = job.masks.boxes
    paths = _paths(boxes)
    mark(job)
    for image in job.images():
        path = osp.join(job.out, paths[image.name])
        height, width = image.size
        if job.img_dir is None:
            photo = osp.basename(image.name)
        else:
            photo = osp.relpath(osp.join(job.img_dir, image.name), osp.dirname(path))
        shapes = []
        for number, found in enumerate(image.objects, 1):
            shapes += _shapes(
                job, found, image, boxes.category_names[found.category], number
            )
        content = dict(
            version=VERSION,
            flags={},
            shapes=shapes,
            imagePath=photo.replace('\\', '/'),
            imageData=None,
            imageHeight=height,
            imageWidth=width,
        )
        write_text(path, f'{json.dumps(content, ensure_ascii=False, indent=1)}\n')
    if job.img_dir is None:
        job.notes.append('move each json into the folder of its photo')
    finish(job)


def _paths(boxes: BoxFile) -> dict[str, str]:
    """Path of the json of each photo, below the folder of the export."""
    return {
        name: osp.join(FOLDER, f'{osp.splitext(osp.normpath(name))[0]}.json')
        for name in boxes.file_names
    }


def _shapes(
    job: ExportJob, found: ExportObject, image: ExportImage, name: str, number: int
) -> list[dict[str, Any]]:
    """The shapes of an object."""
    common: dict[str, Any] = dict(
        label=name,
        group_id=number,
        description=', '.join(
            f'{score} {value:.3f}' for score, value in found.scores.items()
        ),
        flags={},
        annotation_id=found.id,
    )
    if 'confidence' in found.scores:
        common['score'] = found.scores['confidence']
    if found.empty:
        height, width = image.size
        corners = found.box.clip(0, [width, height] * 2).reshape(2, 2)
        return [dict(common, shape_type='rectangle', points=corners.tolist())]
    if job.options.polygons:
        polygons = to_polygons(job.rle(found), job.options.simplify or 0)
        return [
            dict(common, shape_type='polygon', points=np.reshape(one, (-1, 2)).tolist())
            for one in polygons
        ]
    x0, y0, x1, y1 = found.rect
    # Labelme's corners are inclusive.
    points = [[float(x0), float(y0)], [float(x1 - 1), float(y1 - 1)]]
    return [dict(common, shape_type='mask', points=points, mask=_png(found.mask))]


def _png(mask: np.ndarray) -> str:
    """A mask as a PNG of ones and zeros, in base64."""
    buffer = io.BytesIO()
    Image.fromarray(mask.astype(np.uint8)).save(buffer, format='PNG')
    return base64.b64encode(buffer.getvalue()).decode('ascii')
