"""YOLO's text files as the content of a COCO json.

A line is a class and some numbers, so no converter is needed for them; those
on offer find the photos only in one layout of folders, or stop at the first
photo that they can't open.
"""

import logging
import os.path as osp
import re
from typing import Any

from mmboxcaseg.text import read_text

from .box_file import SkippedFile
from .class_names import find_classes, find_kpt_shape, read_classes
from .photos import SUFFIXES, files_below, photo_size
from .resolve import PhotoFinder
from .yolo_lines import Line, Reading, parse_lines

# Text files of exports that are no labels unless a photo has their name.
OTHER = re.compile(
    r'(readme|licen[cs]e|requirements|notes?\b).*|'
    r'_?(classes|labels|names|(auto)?(train|val|valid|validation|test|all|'
    r'trainval|images|files|obj|predefined_classes|darknet)(_?list)?)\.txt',
    re.I,
)
_log = logging.getLogger(__name__)


def read_yolo(
    folder: str, img_dir: str, classes: str | None = None
) -> tuple[dict[str, Any], list[SkippedFile]]:
    """Read a folder of YOLO annotations.

    A line is ``class x_centre y_centre width height``, the last four as parts
    of the photo's size, and perhaps a confidence, which is kept as ``score``,
    or the number of a track, kept as ``track_id``; or a class and the points
    of a polygon, which becomes the box around it and is kept as
    ``segmentation``; or a box and the points of a pose, which are left out:
    see :mod:`~mmboxcaseg.annotations.yolo_lines`.
    ``a/b.txt`` belongs to the photo ``a/b`` with any suffix, see
    :class:`PhotoFinder`. Text files of exports that hold no boxes, such as
    ``README.txt`` and ``train.txt``, are left out. Ids count from 1 in the
    order of the files' names; category ids are the numbers of the classes.

    Args:
        folder (str): Folder with ``.txt`` files, in folders of its own or not.
        img_dir (str): Folder of the photos, in folders of the same names.
        classes (str, optional): File of the classes' names: one a line, or a
            YAML file with ``names``. It is never read as labels. Defaults to
            None: ``classes.txt``, ``data.yaml`` or ``obj.names`` in the
            folder, above, or between it and the files; else their numbers.

    Returns:
        tuple[dict, list[SkippedFile]]: Content of a COCO json; and the files
        that are skipped, since the size of their photo can't be found.

    Raises:
        ValueError: If there is no such file, one is not in order, or the
            photo of a file is not clear.
    """
    paths = [
        path
        for path in files_below(folder, '.txt')
        if not _has_names(osp.join(folder, path), classes)
    ]
    finder = PhotoFinder(img_dir, folder)
    photos = {path: finder.of_stem(osp.splitext(path)[0]) for path in paths}
    lines, left_out = _read(folder, photos)
    if not lines and not left_out:
        raise ValueError(f'{folder}: no .txt file with boxes')
    reading = _reading(folder, lines, classes)
    names = read_classes(classes) if classes else find_classes(folder, lines)
    data: dict[str, Any] = dict(images=[], annotations=[], categories=[])
    owners: dict[str, str] = {}
    for path, some in lines.items():
        stem, found = osp.splitext(path)[0], photos[path]
        if len(found) > 1:
            raise ValueError(
                f'{osp.join(folder, path)} may belong to '
                f'{" or ".join(found)}; keep one of them'
            )
        if not found:
            nearest = finder.nearest(f'{stem}.jpg')
            hint = f'; the nearest is {nearest}' if nearest else ''
            left_out.append(SkippedFile(path, f'no photo {stem}.*{hint}'))
            continue
        (photo,) = found
        other = owners.setdefault(photo, path)
        if other != path:
            raise ValueError(
                f'{osp.join(folder, other)} and '
                f'{osp.join(folder, path)} both belong to '
                f'{photo}; keep one of them'
            )
        try:
            height, width = photo_size(osp.join(img_dir, photo))
        except ValueError as error:
            left_out.append(SkippedFile(path, f'{photo}: {error}'))
            continue
        image_id = len(data['images']) + 1
        data['images'].append(
            dict(id=image_id, file_name=photo, height=height, width=width)
        )
        for line in some:
            data['annotations'].append(
                dict(
                    id=len(data['annotations']) + 1,
                    image_id=image_id,
                    **reading.annotation(line, height, width),
                )
            )
    data['categories'] = _categories(data['annotations'], names, folder)
    return data, left_out


def _reading(folder: str, lines: dict[str, list[Line]], classes: str | None) -> Reading:
    """What the numbers behind boxes mean; says what may be otherwise."""
    every = [line for some in lines.values() for line in some]
    shape = None
    if any(len(line.values) > 5 for line in every):
        shape = find_kpt_shape(folder, lines, classes)
    reading = Reading.of(every, shape)
    if reading.pose:
        _log.info(
            '%s: the points of poses (%d of %d numbers) are left out, their '
            'boxes are used',
            folder,
            *reading.pose,
        )
    elif reading.maybe_poses:
        count = max(len(line.values) for line in every)
        _log.warning(
            '%s: the lines of %d numbers are read as polygons, but may be '
            'boxes with the points of a pose; if so, write kpt_shape: [%d, 2] '
            'into data.yaml',
            folder,
            count + 1,
            (count - 4) // 2,
        )
    return reading


def looks_like_labels(path: str) -> bool:
    """Whether a text file is not clearly something else than labels."""
    try:
        lines = parse_lines(read_text(path), path)
    except ValueError:
        return False
    return bool(lines) or not OTHER.fullmatch(osp.basename(path))


def _has_names(path: str, classes: str | None) -> bool:
    """Whether a text file holds names of classes, and so no boxes."""
    return osp.basename(path).lower() == 'classes.txt' or (
        classes is not None and osp.exists(path) and osp.samefile(path, classes)
    )


def _read(
    folder: str, photos: dict[str, list[str]]
) -> tuple[dict[str, list[Line]], list[SkippedFile]]:
    """The lines of all label files, and other files without a photo."""
    lines, left_out, others = {}, [], []
    for path, found in photos.items():
        name = osp.join(folder, path)
        known = not found and OTHER.fullmatch(osp.basename(path))
        try:
            text = read_text(name)
            some = parse_lines(text, name)
            if known and not some:
                others.append(path)
            else:
                lines[path] = some
        except ValueError:
            if known or not found and _lists_photos(text):
                others.append(path)
            elif not found and _no_numbers(text):
                left_out.append(
                    SkippedFile(path, 'neither boxes nor a photo of its name')
                )
            else:
                raise
    if others:
        _log.info(
            '%s: %d text files hold no boxes and are left out: %s',
            folder,
            len(others),
            ', '.join(others[:5]),
        )
    return lines, left_out


def _lists_photos(text: str) -> bool:
    """Whether every line names a photo."""
    return all(
        line.strip().lower().endswith(SUFFIXES)
        for line in text.split('\n')
        if line.strip()
    )


def _no_numbers(text: str) -> bool:
    """Whether no line looks like one of a label file."""
    return not any(
        re.match(r'\s*[-+.\d]+\s+[-+.\d]', line) for line in text.split('\n')
    )


def _categories(
    anns: list[dict[str, Any]], names: dict[int, str], folder: str
) -> list[dict[str, Any]]:
    """The classes by number, with their names."""
    labels = {ann['category_id'] for ann in anns}
    unknown = labels - set(names) if names else set()
    if unknown:
        raise ValueError(
            f'{folder}: class {min(unknown)} has no name; there '
            f'are names of {sorted(names)}'
        )
    names = names or {label: str(label) for label in labels}
    return [dict(id=label, name=name) for label, name in sorted(names.items())]
