"""Reading Pascal VOC's XML files as the content of a COCO json.

The files are read with the standard library. Existing converters need the
class names beforehand, drop keys such as ``difficult``, or stop at the first
photo that they can't open, and none counts pixels from 1 as VOC does.
"""

import os.path as osp
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from typing import Any

from mmboxcaseg.text import likely_encoding

from .box_file import SkippedFile
from .numbers import decimal, whole
from .photos import files_below, photo_size
from .resolve import PhotoFinder, base_name, stays_below

CORNERS = ('xmin', 'ymin', 'xmax', 'ymax')
# Elements of an object that become keys of its annotation.
EXTRAS = ('pose', 'truncated', 'difficult', 'occluded')
_DECLARED = re.compile(rb'<\?xml[^>]*?encoding\s*=\s*["\']([\w.-]+)["\']')


def read_voc(
    folder: str, img_dir: str
) -> tuple[dict[str, Any], list[SkippedFile], set[int]]:
    """Read a folder of VOC annotations.

    VOC counts pixels from 1 and both corners belong to the box, so
    (xmin, ymin) = (xmax, ymax) = (1, 1) is the first pixel. The ids of images
    and annotations count from 1 in the order of the file names, those of
    categories in the order of the class names.

    The photo of ``a/b.xml`` is ``a/<filename>``, else ``a/b`` with any
    suffix, else ``<filename>``, see
    :class:`~mmboxcaseg.annotations.PhotoFinder`. A ``<filename>`` that is
    absolute or leads out of the folder comes from another computer, so
    ``a/b`` is tried before it.

    Args:
        folder (str): Folder that has ``.xml`` files at any depth.
        img_dir (str): Folder of the photos. Sizes that the files don't have
            are read from the photos.

    Returns:
        tuple[dict, list[SkippedFile], set[int]]: Content of a COCO json;
        skipped files, which have no size and whose photo can't be read; ids
        of the images whose photo was not found.

    Raises:
        OSError: If a file can't be read.
        ValueError: If there is no ``.xml`` file, or one of them is not valid.
    """
    paths = files_below(folder, '.xml')
    if not paths:
        raise ValueError(f'{folder}: no .xml file')
    finder = PhotoFinder(img_dir, folder)
    names = set()
    data: dict[str, Any] = dict(images=[], annotations=[], categories=[])
    left_out, gone = [], set()
    for path in paths:
        name = osp.join(folder, path)
        root = _parse(name)
        _check_kind(root, name)
        anns = [_annotation(item, name) for item in root.iter('object')]
        size = _size(root, name)
        file_name, found = _photo(root, path, finder)
        if size is None:
            try:
                size = photo_size(osp.join(img_dir, file_name))
            except ValueError as error:
                left_out.append(
                    SkippedFile(
                        path,
                        f"no <size>, and the photo can't be read: {file_name}: {error}",
                    )
                )
                continue
        image_id = len(data['images']) + 1
        if not found:
            gone.add(image_id)
        data['images'].append(
            dict(id=image_id, file_name=file_name, height=size[0], width=size[1])
        )
        for ann in anns:
            names.add(ann['category_id'])
            data['annotations'].append(
                dict(id=len(data['annotations']) + 1, image_id=image_id, **ann)
            )
    ids = {name: number for number, name in enumerate(sorted(names), 1)}
    data['categories'] = [dict(id=i, name=name) for name, i in ids.items()]
    for ann in data['annotations']:
        ann['category_id'] = ids[ann['category_id']]
    return data, left_out, gone


def looks_like_voc(path: str) -> bool:
    """Whether an XML file may be one of Pascal VOC.

    Args:
        path (str): Path of the file.

    Returns:
        bool: False only if the file clearly has another format.
    """
    try:
        return _is_voc(_parse(path))
    except ValueError:
        return True


def _parse(name: str) -> ElementTree.Element:
    """Parse an XML file in the encoding that it declares; return its root."""
    with open(name, 'rb') as file:
        content = file.read()
    declared = _DECLARED.match(content)
    encoding = declared.group(1).decode('ascii') if declared else 'UTF-8'
    try:
        try:
            return ElementTree.fromstring(content)
        except (LookupError, ValueError):
            # Of the encodings with several bytes per character, the parser
            # knows only those of Unicode. Python decodes the others.
            return ElementTree.fromstring(content.decode(encoding))
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        hint = ''
        if not _is_text(content, encoding):
            hint = (
                f'; it is not {encoding} text, perhaps '
                f'{likely_encoding(content)}: declare its encoding in '
                'the first line, or save it as UTF-8'
            )
        raise ValueError(f'{name} is not valid XML: {error}{hint}') from error


def _is_text(content: bytes, encoding: str) -> bool:
    try:
        return '\0' not in content.decode(encoding)
    except (LookupError, ValueError):
        return False


def _is_voc(root: ElementTree.Element) -> bool:
    if any(root.find(key) is not None for key in ('filename', 'size')):
        return True
    return root.tag != 'annotations' and root.find('.//object') is not None


def _check_kind(root: ElementTree.Element, name: str) -> None:
    """Raise ValueError if an XML file has another format than VOC's."""
    if _is_voc(root):
        return
    hint = (
        "; CVAT's own format has this element: export as Pascal VOC or COCO"
        if root.tag == 'annotations'
        else ''
    )
    raise ValueError(
        f'{name} is no Pascal VOC file: its <{root.tag}> has no '
        f'<filename> and no <object>{hint}'
    )


def _photo(
    root: ElementTree.Element, path: str, finder: PhotoFinder
) -> tuple[str, bool]:
    """Find the photo of an XML file.

    Args:
        root (ElementTree.Element): Root of the XML.
        path (str): Path of the XML file below its folder.
        finder (PhotoFinder): Finder in the folder of the photos.

    Returns:
        tuple[str, bool]: Path of the photo below the folder of the photos;
        whether there is such a file.
    """
    given = (root.findtext('filename') or '').strip()
    stem = osp.splitext(path)[0]
    for name in _names(given, osp.dirname(path)):
        found = finder.find(name) if name else _only(finder.of_stem(stem))
        if found:
            return found, True
    if not given:
        return f'{stem}.jpg', False
    # A name with ".." stays, so that it is reported as an error later.
    climbs = '..' in re.split(r'[\\/]', given)
    plain = climbs or stays_below(given)
    return given if plain else base_name(given), False


def _names(given: str, folder: str) -> Iterator[str]:
    """Names to look for, the best first; '' is the name of the XML file."""
    if given and stays_below(given):
        if folder:
            yield f'{folder}/{given}'
        if not folder or '/' in given or '\\' in given:
            yield given
        yield ''
        yield given
    else:
        yield ''
        yield base_name(given)


def _only(found: list[str]) -> str | None:
    return found[0] if found else None


def _size(root: ElementTree.Element, name: str) -> tuple[int, int] | None:
    """Height and width in pixels; None if one of them is missing or 0."""
    texts = [root.findtext(f'size/{key}') for key in ('height', 'width')]
    height, width = (whole(text) if text and text.strip() else 0 for text in texts)
    if height is None or width is None:
        raise ValueError(
            f'{name}: <height> and <width> of <size> are {texts}; they must '
            'be whole numbers'
        )
    return (height, width) if height > 0 and width > 0 else None


def _annotation(item: ElementTree.Element, name: str) -> dict[str, Any]:
    """Convert an object to an annotation; ``category_id`` is its name yet."""
    label = (item.findtext('name') or '').strip()
    if not label:
        raise ValueError(f'{name}: an <object> has no <name>')
    texts = [item.findtext(f'bndbox/{key}') for key in CORNERS]
    corners = [decimal(text or '') for text in texts]
    if None in corners:
        raise ValueError(
            f'{name}: {", ".join(CORNERS)} of an object {label!r} are {texts}; '
            'they must be four numbers'
        )
    x0, y0, x1, y1 = corners
    extra = {}
    for key in EXTRAS:
        text = item.findtext(key)
        if text is not None:
            number = int(text) if re.fullmatch(r'\s*[0-9]{1,9}\s*', text) else text
            extra[key] = number
    return dict(
        category_id=label,
        bbox=[x0 - 1, y0 - 1, x1 - x0 + 1, y1 - y0 + 1],
        iscrowd=0,
        **extra,
    )
