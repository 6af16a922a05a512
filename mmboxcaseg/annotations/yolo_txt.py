"""YOLO's text files as the content of a COCO json.

A line is five numbers, so no converter is needed for them; those on offer
find the photos only in one layout of folders, or stop at the first photo that
they can't open.
"""
import os.path as osp
from typing import Any, Dict, List, Optional, Tuple

from .box_file import SkippedFile
from .photos import files_below, photo_size, photos_by_stem

# Where the names of the classes stand, below the folder or one or two above.
CLASS_FILES = ('classes.txt', 'data.yaml', 'dataset.yaml')


def read_yolo(
        folder: str,
        img_dir: str,
        classes: Optional[str] = None
) -> Tuple[Dict[str, Any], List[SkippedFile]]:
    """Read a folder of YOLO annotations.

    A line is ``class x_centre y_centre width height``, the last four as parts
    of the photo's size, and perhaps a confidence, which is kept as ``score``.
    ``a/b.txt`` belongs to the photo ``a/b`` with any suffix. Ids count from 1
    in the order of the files' names; category ids are the numbers of the
    classes.

    Args:
        folder (str): Folder with ``.txt`` files, in folders of its own or not.
        img_dir (str): Folder of the photos, in folders of the same names.
        classes (str, optional): File of the classes' names: one a line, or a
            YAML file with ``names``. Defaults to None: ``classes.txt`` or
            ``data.yaml`` in the folder or above, else their numbers.

    Returns:
        tuple[dict, list[SkippedFile]]: Content of a COCO json; and the files
        that are skipped, since the size of their photo can't be found.

    Raises:
        ValueError: If there is no such file, one is not in order, or the
            photo of a file is not clear.
    """
    paths = [
        path for path in files_below(folder, '.txt')
        if osp.basename(path) != 'classes.txt'
    ]
    if not paths:
        raise ValueError(f'{folder}: no .txt file with boxes')
    names = read_classes(classes) if classes else _find_classes(folder)
    photos = photos_by_stem(img_dir)
    data: Dict[str, Any] = dict(images=[], annotations=[], categories=[])
    left_out = []
    for path in paths:
        stem = osp.splitext(path)[0]
        boxes = _read_lines(osp.join(folder, path))
        found = photos.get(stem, [])
        if len(found) > 1:
            raise ValueError(f'{osp.join(folder, path)} may belong to '
                             f'{" or ".join(found)}; keep one of them')
        if not found:
            left_out.append(SkippedFile(path, f'no photo {stem}.*'))
            continue
        try:
            height, width = photo_size(osp.join(img_dir, found[0]))
        except ValueError as error:
            left_out.append(SkippedFile(path, f'{found[0]}: {error}'))
            continue
        image_id = len(data['images']) + 1
        data['images'].append(
            dict(id=image_id, file_name=found[0], height=height, width=width))
        for label, (x, y, w, h, *score) in boxes:
            ann = dict(
                id=len(data['annotations']) + 1,
                image_id=image_id,
                category_id=label,
                bbox=[(x - w / 2) * width, (y - h / 2) * height, w * width,
                      h * height],
                iscrowd=0)
            if score:
                ann['score'] = score[0]
            data['annotations'].append(ann)
    labels = {ann['category_id'] for ann in data['annotations']}
    unknown = labels - set(names) if names else set()
    if unknown:
        raise ValueError(f'{folder}: class {min(unknown)} has no name; there '
                         f'are names of {sorted(names)}')
    names = names or {label: str(label) for label in labels}
    data['categories'] = [
        dict(id=label, name=name) for label, name in sorted(names.items())
    ]
    return data, left_out


def read_classes(path: str) -> Dict[int, str]:
    """The names of the classes by their numbers, which count from 0.

    Args:
        path (str): Text file with a name a line, or YAML file with ``names``,
            a list or a mapping.

    Returns:
        dict[int, str]: Names by number.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the YAML file has no names.
    """
    with open(path, encoding='utf-8-sig') as file:
        if osp.splitext(path)[1] not in ('.yaml', '.yml'):
            lines = [line.strip() for line in file]
            return dict(enumerate(line for line in lines if line))
        import yaml
        try:
            content = yaml.safe_load(file)
        except yaml.YAMLError as error:
            raise ValueError(f'{path} is not valid YAML: {error}') from error
    names = content.get('names') if isinstance(content, dict) else None
    if isinstance(names, list):
        names = dict(enumerate(names))
    if not isinstance(names, dict) or not all(
            isinstance(number, int) for number in names):
        raise ValueError(f'{path}: "names" is {names!r}; it must be a list of '
                         'names or a mapping from numbers to names')
    return {number: str(name) for number, name in names.items()}


def _find_classes(folder: str) -> Dict[int, str]:
    above = osp.dirname(osp.abspath(folder))
    for place in (folder, above, osp.dirname(above)):
        for name in CLASS_FILES:
            if osp.isfile(osp.join(place, name)):
                return read_classes(osp.join(place, name))
    return {}


def _read_lines(path: str) -> List[Tuple[int, List[float]]]:
    """The class and the numbers behind it, line by line."""
    boxes = []
    with open(path, encoding='utf-8-sig') as file:
        for number, line in enumerate(file, 1):
            words = line.split()
            if not words:
                continue
            try:
                label, values = int(words[0]), [float(w) for w in words[1:]]
                if len(values) not in (4, 5) or label < 0:
                    raise ValueError
            except ValueError:
                raise ValueError(
                    f'{path}:{number}: {line.strip()!r} is not a class '
                    'number, the four numbers of a box, and perhaps a '
                    'confidence') from None
            boxes.append((label, values))
    return boxes
