"""Reading YOLO's text files as the content of a COCO json.

Existing converters find the photos only in one layout of folders, or stop at
the first photo that they can't open.
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

# Names of text files that are no labels, unless a photo has the same name.
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

    A line has one of these forms, see
    :mod:`~mmboxcaseg.annotations.yolo_lines`:

    - ``class x_centre y_centre width height``, as fractions of the photo's
      size, perhaps followed by a confidence, which becomes ``score``, or by
      the number of a track, which becomes ``track_id``;
    - a class and the points of a polygon, which becomes the ``segmentation``,
      with the box around it;
    - a class, a box, and the points of a pose, which are dropped.

    ``a/b.txt`` belongs to the photo ``a/b`` with any suffix, see
    :class:`~mmboxcaseg.annotations.PhotoFinder`. Text files without boxes
    that exports have, such as ``README.txt`` and ``train.txt``, are not read
    as labels. The ids of images and annotations count from 1 in the order of
    the file names; those of categories are the class numbers.

    Args:
        folder (str): Folder that has ``.txt`` files at any depth.
        img_dir (str): Folder of the photos, with the same folders in it.
        classes (str, optional): Path of a file of class names: one per line,
            or a YAML file with ``names``. It is never read as labels.
            Defaults to None:
            :func:`~mmboxcaseg.annotations.class_names.find_classes` looks for
            one, and without one the names are the class numbers.

    Returns:
        tuple[dict, list[SkippedFile]]: Content of a COCO json; skipped files,
        whose photo was not found or can't be read.

    Raises:
        OSError: If a file can't be read.
        ValueError: If there is no file with boxes, a file is not valid, a
            file matches several photos, several files match one photo, or a
            class has no name.
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
    """Find out how to read the lines; log it if they may be poses."""
    every = [line for some in lines.values() for line in some]
    shape = None
    if any(len(line.values) > 5 for line in every):
        shape = find_kpt_shape(folder, lines, classes)
    reading = Reading.of(every, shape)
    if reading.pose:
        _log.info(
            '%s: the lines are poses (%d points with %d numbers each); their '
            'boxes are used, their points are not',
            folder,
            *reading.pose,
        )
    elif reading.maybe_poses:
        count = max(len(line.values) for line in every)
        _log.warning(
            '%s: lines of %d numbers are read as polygons, but they may be '
            'boxes with the points of a pose; if so, write kpt_shape: [%d, 2] '
            'into data.yaml',
            folder,
            count + 1,
            (count - 4) // 2,
        )
    return reading


def looks_like_labels(path: str) -> bool:
    """Whether a text file may be a label file.

    Args:
        path (str): Path of the file.

    Returns:
        bool: False only if the file clearly has no labels.
    """
    try:
        lines = parse_lines(read_text(path), path)
    except ValueError:
        return False
    return bool(lines) or not OTHER.fullmatch(osp.basename(path))


def _has_names(path: str, classes: str | None) -> bool:
    """Whether a text file has class names, and so no boxes."""
    return osp.basename(path).lower() == 'classes.txt' or (
        classes is not None and osp.exists(path) and osp.samefile(path, classes)
    )


def _read(
    folder: str, photos: dict[str, list[str]]
) -> tuple[dict[str, list[Line]], list[SkippedFile]]:
    """Read the lines of all label files, and skip files of other content."""
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
                    SkippedFile(path, 'it has no boxes, and no photo has its name')
                )
            else:
                raise
    if others:
        _log.info(
            '%s: %d text files have no boxes and are not read as labels: %s',
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
    """The categories of a COCO json: the classes, sorted by number."""
    labels = {ann['category_id'] for ann in anns}
    unknown = labels - set(names) if names else set()
    if unknown:
        raise ValueError(
            f'{folder}: class {min(unknown)} has no name; the file of class '
            f'names has the classes {sorted(names)}'
        )
    if labels and not names:
        found = ', '.join(map(str, sorted(labels)[:5]))
        _log.warning(
            '%s: no file names the classes, so their names are their numbers (%s%s); '
            'add classes.txt, with one name per line, or data.yaml to this folder, '
            'or give such a file with --classes',
            folder,
            found,
            ', ...' if len(labels) > 5 else '',
        )
    names = names or {label: str(label) for label in labels}
    return [dict(id=label, name=name) for label, name in sorted(names.items())]
