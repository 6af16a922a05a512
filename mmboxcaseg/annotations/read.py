"""The boxes to make masks for: read, converted, restricted, checked."""
import hashlib
import json
import os
import os.path as osp
from typing import Any, Dict, List, Optional, Sequence, Set, Tuple

from .legacy import (check_coco, check_file_names, is_crowd, load_coco,
                   select_categories, select_images, unusable_annotations)
from .voc_xml import read_voc
from .yolo_txt import read_yolo

FORMATS = ('coco', 'voc', 'yolo')


def find_format(path: str) -> str:
    """What kind of annotations lie at a path.

    Args:
        path (str): A COCO json, or a folder with VOC's ``.xml`` or YOLO's
            ``.txt`` files, in folders of its own or not.

    Returns:
        str: ``'coco'``, ``'voc'`` or ``'yolo'``.

    Raises:
        FileNotFoundError: If there is nothing at the path.
        ValueError: If a folder has files of neither kind, or of both.
    """
    if osp.isfile(path):
        return 'coco'
    if not osp.isdir(path):
        raise FileNotFoundError(f'no file or folder {path}')
    endings = {
        osp.splitext(name)[1]
        for _, _, names in os.walk(path)
        for name in names
    }
    kinds = [
        kind for kind, ending in (('voc', '.xml'), ('yolo', '.txt'))
        if ending in endings
    ]
    if len(kinds) != 1:
        found = 'both .xml and .txt' if kinds else 'neither .xml nor .txt'
        raise ValueError(f'{path} has {found} files; name the format: '
                         f'{", ".join(FORMATS)}')
    return kinds[0]


def read_boxes(
    path: str,
    img_dir: str,
    kind: Optional[str] = None,
    classes: Optional[str] = None,
    img_ids: Optional[Sequence[str]] = None,
    categories: Optional[Sequence[str]] = None
) -> Tuple[Dict[str, Any], List[Dict[str, str]]]:
    """Read boxes of any of the formats as a checked COCO dictionary.

    Args:
        path (str): See :func:`find_format`.
        img_dir (str): Folder of the images.
        kind (str, optional): One of ``'coco'``, ``'voc'``, ``'yolo'``.
            Defaults to None: found by :func:`find_format`.
        classes (str, optional): File of the names of YOLO's classes. Defaults
            to None.
        img_ids (Sequence[str], optional): Only these images. Defaults to
            None: all.
        categories (Sequence[str], optional): Only these categories, by name
            or id. Defaults to None: all.

    Returns:
        tuple[dict, list]: The COCO dictionary; and what
        :class:`~mmboxcaseg.proxy_masks.JoinReport` calls ``left_out``.

    Raises:
        FileNotFoundError: If there is nothing at the path.
        ValueError: If the annotations are not in order, or an image or a
            category asked for is not there.
    """
    kind = kind or find_format(path)
    left_out: List[Dict[str, str]] = []
    if kind == 'coco':
        data = load_coco(path)
    else:
        if kind == 'voc':
            data, left_out = read_voc(path, img_dir)
        else:
            data, left_out = read_yolo(path, img_dir, classes)
        check_coco(data, path)
    check_file_names(data, path)
    if img_ids is not None:
        by_text = {str(image['id']): image['id'] for image in data['images']}
        data = select_images(data,
                             [by_text.get(text, text) for text in img_ids],
                             path)
    if categories is not None:
        data = select_categories(data, categories, path)
    return data, left_out


def images_to_do(data: Dict[str, Any]) -> Set[Any]:
    """Ids of the images that have a box to make a mask for.

    Args:
        data (dict): Content of a checked COCO json.

    Returns:
        set: Image ids.
    """
    unusable = unusable_annotations(data)
    return {
        ann['image_id']
        for ann in data['annotations']
        if not is_crowd(ann) and ann['id'] not in unusable
    }


def content_hash(data: Dict[str, Any]) -> str:
    """SHA-256 of a COCO dictionary, whatever its file looks like.

    Args:
        data (dict): Content of a COCO json.

    Returns:
        str: Hexadecimal digits.
    """
    digest = hashlib.sha256()
    for key, value in data.items():
        digest.update(json.dumps(key).encode('ascii'))
        # Entry by entry, for the text of a large file need not stand in
        # memory at once.
        for entry in value if isinstance(value, list) else [value]:
            digest.update(json.dumps(entry).encode('ascii') + b'\n')
    return digest.hexdigest()
