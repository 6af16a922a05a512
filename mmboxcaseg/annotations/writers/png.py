"""Writing maps of objects and classes as PNGs, in the style of Pascal VOC."""

import csv
import io
import os
import os.path as osp

import numpy as np
from PIL import Image

from mmboxcaseg.masks import decode_rle, pixel_rects

from ..box_file import BoxFile
from ..output import write_text
from .folder import ExportPlace, check_folder, finish, mark
from .job import ExportImage, ExportJob

# VOC's names of the folders.
OBJECTS, CLASSES = 'SegmentationObject', 'SegmentationClass'
# Tables that explain the values of the maps.
OBJECT_TABLE, CLASS_TABLE = 'objects.csv', 'classes.txt'
# Value of void pixels, which are neither background nor a known object, in
# maps of 8 bits (as in VOC) and of 16 bits.
VOID = 255
VOID_16 = 65535


def check_png(place: ExportPlace) -> None:
    """Check that :func:`write_png` can fill its folder.

    Args:
        place (ExportPlace): The folder of the export.

    Raises:
        ValueError: See :func:`~.folder.check_folder`.
    """
    files = {
        name: [osp.join(folder, f'{stem}.png') for folder in (OBJECTS, CLASSES)]
        for name, stem in _stems(place.boxes).items()
    }
    check_folder(place, files, [OBJECTS, CLASSES], [OBJECT_TABLE, CLASS_TABLE])


def write_png(job: ExportJob) -> None:
    """Write two maps per image, and tables that explain their values.

    In both maps 0 is background. The map of objects numbers them from 1 in
    the order of the file, the map of classes numbers these from 1 in the
    order of the file's categories. Annotations that are left out, such as
    crowds, are void: the pixels of their mask, or of their box if there is no
    mask. Where masks overlap, the smaller one is visible. A map has 8 bits,
    VOC's palette and 255 for void; if it needs more than 254 values, it has
    16 bits, no palette, and 65535 for void.

    Args:
        job (ExportJob): The export. ``out`` is the path of the folder.

    Raises:
        OSError: If a file can't be written.
        ValueError: If an image has more objects than 16 bits can distinguish.
    """
    boxes = job.masks.boxes
    stems = _stems(boxes)
    mark(job)
    table = io.StringIO()
    rows = csv.writer(table, lineterminator='\n')
    rows.writerow(['file', 'object', 'annotation', 'class', 'confidence', 'agreement'])
    count = len(boxes.category_names)
    for image in job.images():
        objects, classes = _maps(job, image)
        path = f'{stems[image.name]}.png'
        _save(osp.join(job.out, OBJECTS, path), objects, len(image.objects))
        _save(osp.join(job.out, CLASSES, path), classes, count)
        for number, found in enumerate(image.objects, 1):
            scores = [found.scores.get(name) for name in ('confidence', 'agreement')]
            name = boxes.category_names[found.category]
            rows.writerow([image.name, number, found.id, name, *scores])
    write_text(osp.join(job.out, OBJECT_TABLE), table.getvalue())
    names = ('background', *boxes.category_names)
    write_text(osp.join(job.out, CLASS_TABLE), '\n'.join(names) + '\n')
    finish(job)


def palette() -> list[int]:
    """Make VOC's palette of 256 colours.

    The bits of a colour's number are distributed over its three channels.

    Returns:
        list[int]: Red, green and blue of each colour in turn, 768 values from
        0 to 255.

    Example:
        >>> palette()[:9]
        [0, 0, 0, 128, 0, 0, 0, 128, 0]
    """
    colours = []
    for number in range(256):
        colour = [0, 0, 0]
        for place in range(8):
            for channel in range(3):
                bit = number >> (3 * place + channel) & 1
                colour[channel] |= bit << (7 - place)
        colours += colour
    return colours


def _stems(boxes: BoxFile) -> dict[str, str]:
    """Path of the maps of each photo, below their folder, without suffix."""
    return {name: osp.splitext(osp.normpath(name))[0] for name in boxes.file_names}


def _maps(job: ExportJob, image: ExportImage) -> tuple[np.ndarray, np.ndarray]:
    """The maps of objects and of classes, (H, W) int32, -1 for void."""
    boxes = job.masks.boxes
    objects = np.zeros(image.size, dtype=np.int32)
    for place in image.left_out:
        ann = boxes.annotation(place)
        mask = decode_rle(job.masks.rle(place)) if ann.get('segmentation') else None
        if mask is not None and mask.any():
            objects[mask] = -1
        elif boxes.usable[place]:
            x0, y0, x1, y1 = pixel_rects(boxes.boxes[[place]], *image.size)[0]
            objects[y0:y1, x0:x1] = -1
    areas = [int(found.mask.sum()) for found in image.objects]
    classes = objects.copy()
    for place in np.argsort(areas, kind='stable')[::-1].tolist():
        found = image.objects[place]
        x0, y0, x1, y1 = found.rect
        objects[y0:y1, x0:x1][found.mask] = place + 1
        classes[y0:y1, x0:x1][found.mask] = found.category + 1
    seen = np.bincount(objects[objects > 0], minlength=len(areas) + 1)[1:].tolist()
    for found, area, left in zip(image.objects, areas, seen, strict=True):
        if left < area:
            job.changed(found.place, 'masks lie below smaller ones')
    return objects, classes


def _save(path: str, values: np.ndarray, count: int) -> None:
    """Write a map.

    Args:
        path (str): Path of the PNG.
        values (np.ndarray): Map, (H, W) int32, -1 for void.
        count (int): Highest value that a map of this kind may have.
    """
    os.makedirs(osp.dirname(path), exist_ok=True)
    if count >= VOID_16:
        raise ValueError(
            f'{path}: {count} values are more than 16 bits can hold; export to '
            'another format'
        )
    if count < VOID:
        values = np.where(values < 0, VOID, values).astype(np.uint8)
        picture = Image.fromarray(values)
        picture.putpalette(palette())
    else:
        values = np.where(values < 0, VOID_16, values).astype(np.uint16)
        picture = Image.fromarray(values)
    picture.save(path)
