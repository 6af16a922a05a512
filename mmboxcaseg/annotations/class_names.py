"""The names of YOLO's classes and the shape of its poses, and their files."""

import os
import os.path as osp
from collections.abc import Iterable
from typing import Any

from mmboxcaseg.text import read_text

from .numbers import whole

# Files of class names, the best first: one a line, or YAML.
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
    """The names of the classes by their numbers, which count from 0.

    Args:
        path (str): Text file with a name a line, or YAML file with ``names``,
            a list or a mapping.

    Returns:
        dict[int, str]: Names by number.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not UTF-8, a line before the last is blank, or
            the YAML file has no names.
    """
    if osp.splitext(path)[1].lower() not in YAML:
        text = read_text(path)
        lines = [line.strip() for line in text.rstrip().split('\n')]
        if '' in lines[:-1]:
            # Leaving it out would give every class behind it another number.
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
    """The content of a YAML file; none if it is no mapping."""
    import yaml

    text = read_text(path)
    try:
        # As text, for "no" and "1.10" may be names of classes.
        content = yaml.load(text, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f'{path} is not valid YAML: {error}') from error
    return content if isinstance(content, dict) else {}


def find_kpt_shape(
    folder: str, paths: Iterable[str], classes: str | None
) -> tuple[int, int] | None:
    """How many points and numbers of each the poses of label files have.

    Args:
        folder (str): See :func:`find_classes`.
        paths (Iterable[str]): As there.
        classes (str, optional): File of the classes' names, if one is given.

    Returns:
        tuple[int, int] | None: Points of a pose, and 2 or 3 numbers of each:
        x, y and perhaps whether it is visible. None if no YAML file has
        ``kpt_shape``.

    Raises:
        ValueError: If it is no such pair.
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
    """Where files about the classes may lie: the folder and two above, then
    the folders between it and the label files."""
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
    """The names of the classes of a folder of label files.

    Args:
        folder (str): The folder; it and two folders above are looked into,
            and then those between it and the files.
        paths (Iterable[str]): Paths of the label files below it.

    Returns:
        dict[int, str]: Names by number; none if no file has them.

    Raises:
        ValueError: If a file that should have them has none, or several below
            the folder differ.
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
                'differently; give the file by --classes'
            )
    return names[0] if names else {}


def _class_file(folder: str) -> str | None:
    """The file of class names in a folder, None if there is none."""
    for name in CLASS_FILES:
        path = osp.join(folder, name)
        # A link to nowhere too: without it classes would lose their names.
        if osp.isfile(path) or osp.islink(path):
            return path
    # Darknet's may have any name.
    if not os.access(folder, os.R_OK | os.X_OK):
        return None
    found = [name for name in os.listdir(folder) if name.endswith('.names')]
    return osp.join(folder, found[0]) if len(found) == 1 else None
