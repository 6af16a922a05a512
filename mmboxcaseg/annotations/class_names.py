"""The names of YOLO's classes, and the files that have them."""
import os
import os.path as osp
from collections.abc import Iterable

from mmboxcaseg.text import read_text
from .numbers import whole

# Files of class names, the best first: one a line, or YAML.
CLASS_FILES = ('classes.txt', 'data.yaml', 'dataset.yaml', 'data.yml',
               'dataset.yml', 'obj.names', '_classes.txt')
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
    text = read_text(path)
    if osp.splitext(path)[1].lower() not in YAML:
        lines = [line.strip() for line in text.rstrip().split('\n')]
        if '' in lines[:-1]:
            # Leaving it out would give every class behind it another number.
            raise ValueError(
                f'{path}: line {lines.index("") + 1} is blank; the number of '
                'a class is that of its line, so write its name there')
        return dict(enumerate(line for line in lines if line))
    import yaml
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f'{path} is not valid YAML: {error}') from error
    names = content.get('names') if isinstance(content, dict) else None
    if isinstance(names, list):
        names = dict(enumerate(names))
    if not isinstance(names, dict) or any(
            whole(number) is None for number in names):
        raise ValueError(f'{path}: "names" is {names!r}; it must be a list of '
                         'names or a mapping from numbers to names')
    return {whole(number): str(name) for number, name in names.items()}


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
    above = osp.dirname(osp.abspath(folder))
    for place in (folder, above, osp.dirname(above)):
        path = _class_file(place)
        if path:
            return read_classes(path)
    inner = set()
    for path in paths:
        head = osp.dirname(path)
        while head and head not in inner:
            inner.add(head)
            head = osp.dirname(head)
    found = [_class_file(osp.join(folder, one)) for one in sorted(inner)]
    found = [path for path in found if path]
    names = [read_classes(path) for path in found]
    for path, one in zip(found[1:], names[1:], strict=True):
        if one != names[0]:
            raise ValueError(f'{found[0]} and {path} name the classes '
                             'differently; give the file by --classes')
    return names[0] if names else {}


def _class_file(folder: str) -> str | None:
    """The file of class names in a folder, None if there is none."""
    for name in CLASS_FILES:
        if osp.isfile(osp.join(folder, name)):
            return osp.join(folder, name)
    # Darknet's may have any name.
    if not os.access(folder, os.R_OK | os.X_OK):
        return None
    found = [name for name in os.listdir(folder) if name.endswith('.names')]
    return osp.join(folder, found[0]) if len(found) == 1 else None
