"""The boxes to make masks for: read, restricted, checked, once."""
import os
import os.path as osp
from typing import Optional, Sequence

from .box_file import BoxFile, digest_of
from .coco import check_file_names, read_coco, to_box_file
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


def read_boxes(path: str,
               img_dir: str,
               kind: Optional[str] = None,
               classes: Optional[str] = None,
               img_ids: Optional[Sequence[str]] = None,
               categories: Optional[Sequence[str]] = None) -> BoxFile:
    """Read and check boxes of any of the formats.

    Args:
        path (str): See :func:`find_format`.
        img_dir (str): Folder of the images.
        kind (str, optional): One of ``'coco'``, ``'voc'``, ``'yolo'``.
            Defaults to None: found by :func:`find_format`.
        classes (str, optional): File with the names of YOLO's classes.
            Defaults to None.
        img_ids (Sequence[str], optional): Only these images. Defaults to
            None: all.
        categories (Sequence[str], optional): Only these categories, by name
            or id. Defaults to None: all.

    Returns:
        BoxFile: The boxes.

    Raises:
        FileNotFoundError: If there is nothing at the path.
        ValueError: If the annotations are not in order, or an image or a
            category asked for is not there.
    """
    kind = kind or find_format(path)
    if kind == 'coco':
        boxes = read_coco(path)
    else:
        content, left_out = (
            read_voc(path, img_dir) if kind == 'voc' else read_yolo(
                path, img_dir, classes))
        boxes = to_box_file(content, path, digest_of(content), left_out)
    check_file_names(boxes)
    if img_ids is not None:
        boxes = boxes.select_images(img_ids)
    if categories is not None:
        boxes = boxes.select_categories(categories)
    return boxes
