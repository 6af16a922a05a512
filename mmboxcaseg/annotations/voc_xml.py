"""Pascal VOC's XML files as the content of a COCO json.

Read with the standard library: converters that are on offer want the class
names beforehand, drop ``difficult`` and its like, or stop at the first image
that they can't open, and none counts pixels from 1 as VOC does.
"""
import os.path as osp
import xml.etree.ElementTree as ElementTree
from typing import Any, Dict, List, Optional, Tuple

from .box_file import SkippedFile
from .photos import files_below, photo_size, photos_by_stem

CORNERS = ('xmin', 'ymin', 'xmax', 'ymax')
# Numbers and words of an object that are kept as keys of its annotation.
KEPT = ('pose', 'truncated', 'difficult', 'occluded')


def read_voc(folder: str,
             img_dir: str) -> Tuple[Dict[str, Any], List[SkippedFile]]:
    """Read a folder of VOC annotations.

    VOC counts pixels from 1 and both corners belong to the box, so
    (xmin, ymin) = (xmax, ymax) = (1, 1) is the first pixel. Ids count from 1
    in the order of the files' names, and categories in the order of theirs.

    Args:
        folder (str): Folder with ``.xml`` files, in folders of its own or not.
        img_dir (str): Folder of the images; it is looked into where a file
            does not tell the size or the name of its image.

    Returns:
        tuple[dict, list[SkippedFile]]: Content of a COCO json; and the files
        that are skipped, since the size of their image is neither in them nor
        to be found.

    Raises:
        ValueError: If there is no such file or one is not in order.
    """
    paths = files_below(folder, '.xml')
    if not paths:
        raise ValueError(f'{folder}: no .xml file')
    photos = None
    names = set()
    data: Dict[str, Any] = dict(images=[], annotations=[], categories=[])
    left_out = []
    for path in paths:
        name = osp.join(folder, path)
        try:
            root = ElementTree.parse(name).getroot()
        except (ElementTree.ParseError, LookupError, ValueError) as error:
            raise ValueError(f'{name} is not valid XML: {error}') from error
        file_name = (root.findtext('filename') or '').strip()
        if not file_name:
            photos = photos_by_stem(img_dir) if photos is None else photos
            stem = osp.splitext(path)[0]
            file_name = (photos.get(stem) or [f'{stem}.jpg'])[0]
        size = _size(root, name)
        if size is None:
            try:
                size = photo_size(osp.join(img_dir, file_name))
            except ValueError as error:
                left_out.append(
                    SkippedFile(
                        path, 'no <size>, and the image can\'t be asked: '
                        f'{file_name}: {error}'))
                continue
        image_id = len(data['images']) + 1
        data['images'].append(
            dict(
                id=image_id,
                file_name=file_name,
                height=size[0],
                width=size[1]))
        for item in root.iter('object'):
            ann = _annotation(item, name)
            names.add(ann['category_id'])
            data['annotations'].append(
                dict(
                    id=len(data['annotations']) + 1, image_id=image_id, **ann))
    ids = {name: number for number, name in enumerate(sorted(names), 1)}
    data['categories'] = [dict(id=i, name=name) for name, i in ids.items()]
    for ann in data['annotations']:
        ann['category_id'] = ids[ann['category_id']]
    return data, left_out


def _size(root: ElementTree.Element, name: str) -> Optional[Tuple[int, int]]:
    """Height and width; None where they are missing or 0."""
    texts = [root.findtext(f'size/{key}') for key in ('height', 'width')]
    try:
        height, width = (int(text or 0) for text in texts)
    except ValueError:
        raise ValueError(f'{name}: <size> has the height and the width '
                         f'{texts}; they must be whole numbers') from None
    return (height, width) if height > 0 and width > 0 else None


def _annotation(item: ElementTree.Element, name: str) -> Dict[str, Any]:
    """An object's name as ``category_id``, its box, and what else it says."""
    label = (item.findtext('name') or '').strip()
    if not label:
        raise ValueError(f'{name}: an <object> has no <name>')
    texts = [item.findtext(f'bndbox/{key}') for key in CORNERS]
    try:
        x0, y0, x1, y1 = (float(text) for text in texts)
    except (TypeError, ValueError):
        raise ValueError(
            f'{name}: <bndbox> of an object {label!r} has {texts} as '
            f'{", ".join(CORNERS)}; they must be four numbers') from None
    extra = {}
    for key in KEPT:
        text = item.findtext(key)
        if text is not None:
            extra[key] = int(text) if text.strip().isdigit() else text
    return dict(
        category_id=label,
        bbox=[x0 - 1, y0 - 1, x1 - x0 + 1, y1 - y0 + 1],
        iscrowd=0,
        **extra)
