"""Files beside YOLO's labels: names of the classes and shape of the poses."""

import os
import os.path as osp
from collections.abc import Iterable
from typing import Any

from mmboxcaseg.text import read_text

from .numbers import whole

# Files of class names, in order of preference: one name per line, or YAML.
CLASS_FILES = (
    'classes.txt',
    'data.yaml',
    'dataset.yaml',
    'data.yml',
    'dataset.yml',
    'obj.names',
    '_classes.txt',
)
YAML = ('.yaml', '.yml')


def read_classes(path: str) -> dict[int, str]:
    """Read a file of class names.

    Args:
        path (str): Path of a text file with one name per line, or of a YAML
            file whose ``names`` is a list or a mapping from numbers to names.

    Returns:
        dict[int, str]: Names by class number, from 0.

    Raises:
        FileNotFoundError: If there is no such file.
        IsADirectoryError: If it is a folder.
        ValueError: If the file is not UTF-8, a line before the last one is
            blank, or the YAML file is not valid or has no names.
    """
    if osp.isdir(path):
        raise IsADirectoryError(f'{path} is a folder; give a file of class names')
    if osp.splitext(path)[1].lower() not in YAML:
        text = read_text(path)
        lines = [line.strip() for line in text.rstrip().split('\n')]
        if '' in lines[:-1]:
            # Without it every class below would get another number.
            raise ValueError(
                f'{path}: line {lines.index("") + 1} is blank; the number of '
                'a class is that of its line, so write its name there'
            )
        return dict(enumerate(line for line in lines if line))
    names = _read_yaml(path).get('names')
    if isinstance(names, list):
        names = dict(enumerate(names))
    if not isinstance(names, dict) or any(whole(number) is None for number in names):
        raise ValueError(
            f'{path}: "names" is {names!r}; it must be a list of '
            'names or a mapping from numbers to names'
        )
    return {whole(number): str(name) for number, name in names.items()}


def _read_yaml(path: str) -> dict:
    """The mapping in a YAML file; an empty one if there is none."""
    import yaml

    text = read_text(path)
    try:
        # All values stay text, since "no" and "1.10" may be class names.
        content = yaml.load(text, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f'{path} is not valid YAML: {error}') from error
    return content if isinstance(content, dict) else {}


def find_kpt_shape(
    folder: str, paths: Iterable[str], classes: str | None
) -> tuple[int, int] | None:
    """Find the shape of the poses of label files, ``kpt_shape`` in YAML.

    Args:
        folder (str): Folder of the label files. YAML files are looked for in
            the same folders as by :func:`find_classes`.
        paths (Iterable[str]): Paths of the label files below the folder.
        classes (str | None): Path of the file of class names that was given;
            it is looked into first. None if none was given.

    Returns:
        tuple[int, int] | None: Number of points of a pose; numbers per point,
        2 for x and y, 3 if the visibility follows. None if no YAML file has
        ``kpt_shape``.

    Raises:
        ValueError: If a YAML file is not valid, or its ``kpt_shape`` is no
            such pair.
    """
    files = [classes] if classes else []
    files += [
        osp.join(place, name)
        for place in _places(folder, paths)
        for name in CLASS_FILES
    ]
    for path in files:
        if osp.splitext(path)[1].lower() in YAML and osp.isfile(path):
            shape = _read_yaml(path).get('kpt_shape')
            if shape is not None:
                return _checked_shape(shape, path)
    return None


def _checked_shape(shape: Any, path: str) -> tuple[int, int]:
    numbers = [whole(one) for one in shape] if isinstance(shape, list) else []
    if (
        len(numbers) != 2
        or None in numbers
        or numbers[0] < 1
        or numbers[1] not in (2, 3)
    ):
        raise ValueError(
            f'{path}: "kpt_shape" is {shape!r}; it must be the '
            'number of points and 2 or 3, such as [17, 3]'
        )
    return numbers[0], numbers[1]


def _places(folder: str, paths: Iterable[str]) -> list[str]:
    """Folders that may hold files about the classes, the best first.

    These are the folder of the labels and its two parents, then the folders
    between it and the label files.
    """
    above = osp.dirname(osp.abspath(folder))
    inner = set()
    for path in paths:
        head = osp.dirname(path)
        while head and head not in inner:
            inner.add(head)
            head = osp.dirname(head)
    return [folder, above, osp.dirname(above)] + [
        osp.join(folder, one) for one in sorted(inner)
    ]


def find_classes(folder: str, paths: Iterable[str]) -> dict[int, str]:
    """Find the class names that belong to a folder of label files.

    A file of class names is looked for in the folder and its two parents, and
    then in the folders between it and the label files.

    Args:
        folder (str): Folder of the label files.
        paths (Iterable[str]): Paths of the label files below the folder.

    Returns:
        dict[int, str]: Names by class number; empty if there is no file of
        class names.

    Raises:
        ValueError: If such a file can't be read (see :func:`read_classes`),
            or several files below the folder have different names.
    """
    places = _places(folder, paths)
    for place in places[:3]:
        path = _class_file(place)
        if path:
            return read_classes(path)
    found = [path for path in map(_class_file, places[3:]) if path]
    names = [read_classes(path) for path in found]
    for path, one in zip(found[1:], names[1:], strict=True):
        if one != names[0]:
            raise ValueError(
                f'{found[0]} and {path} name the classes '
                'differently; give the right file with --classes'
            )
    return names[0] if names else {}


def _class_file(folder: str) -> str | None:
    """The file of class names in a folder, None if there is none."""
    for name in CLASS_FILES:
        path = osp.join(folder, name)
        # A broken link counts: reading it fails, whereas without it the
        # classes would silently lose their names.
        if osp.isfile(path) or osp.islink(path):
            return path
    # Darknet's file may have any name that ends in .names.
    if not os.access(folder, os.R_OK | os.X_OK):
        return None
    found = [name for name in os.listdir(folder) if name.endswith('.names')]
    return osp.join(folder, found[0]) if len(found) == 1 else None
