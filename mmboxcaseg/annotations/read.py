"""The boxes to make masks for: read, restricted, checked, once."""

import os.path as osp
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .box_file import BoxFile, digest_of
from .coco import check_file_names, read_coco, to_box_file
from .decisions import decided_boxes
from .given import keep_given_masks
from .photos import files_below
from .voc_xml import looks_like_voc, read_voc
from .yolo_txt import looks_like_labels, read_yolo

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
    xmls, txts = files_below(path, '.xml'), files_below(path, '.txt')
    # Exports have read-me and list files, and exporters' own XML, beside.
    if xmls and txts:
        txts = [one for one in txts if looks_like_labels(osp.join(path, one))]
        if txts:
            xmls = [one for one in xmls if looks_like_voc(osp.join(path, one))]
    if bool(xmls) != bool(txts):
        return 'voc' if xmls else 'yolo'
    found = 'both .xml and .txt' if xmls else 'neither .xml nor .txt'
    jsons = files_below(path, '.json')
    hint = f' (a COCO json is given itself, such as {jsons[0]})' if jsons else ''
    raise ValueError(
        f'{path} has {found} files{hint}; name the format: {", ".join(FORMATS)}'
    )


def read_boxes(
    path: str,
    img_dir: str,
    kind: str | None = None,
    classes: str | None = None,
    img_ids: Sequence[str] | None = None,
    categories: Sequence[str] | None = None,
    decisions: str | None = None,
    keep_masks: bool = False,
) -> BoxFile:
    """Read and check boxes of any of the formats.

    Args:
        path (str): See :func:`find_format`.
        img_dir (str): Folder of the images. Images get the names of the
            photos that are meant, see
            :class:`~mmboxcaseg.annotations.resolve.PhotoFinder`.
        kind (str, optional): One of ``'coco'``, ``'voc'``, ``'yolo'``.
            Defaults to None: found by :func:`find_format`.
        classes (str, optional): File with the names of YOLO's classes.
            Defaults to None.
        img_ids (Sequence[str], optional): Only these images. Defaults to
            None: all.
        categories (Sequence[str], optional): Only these categories, by name
            or id. Defaults to None: all.
        decisions (str, optional): File of what was decided about the masks
            that the boxes have, see
            :func:`~mmboxcaseg.annotations.decisions.read_decisions`; it is
            applied to all images, and masks are read too. Defaults to None.
        keep_masks (bool): Whether masks that the file has are kept, see
            :func:`~mmboxcaseg.annotations.given.keep_given_masks`. Defaults
            to False: they are not read.

    Returns:
        BoxFile: The boxes.

    Raises:
        FileNotFoundError: If there is nothing at the path.
        ValueError: If the annotations are not in order, or an image or a
            category asked for is not there, or decisions are given with boxes
            that are no COCO json.
    """
    kind = kind or find_format(path)
    if kind == 'coco':
        with_masks = keep_masks or decisions is not None
        boxes = decided_boxes(
            read_coco(path, with_masks=with_masks, img_dir=img_dir), decisions
        )
    elif decisions is not None:
        raise ValueError(
            f'{path} has no masks that {decisions} could be '
            'about; give the COCO json that was reviewed'
        )
    else:
        gone: set[int] = set()
        if kind == 'voc':
            content, left_out, gone = read_voc(path, img_dir)
        else:
            # Whatever has no photo is among those left out.
            content, left_out = read_yolo(path, img_dir, classes)
        boxes = to_box_file(content, path, digest_of(content), left_out)
        there = np.array([one not in gone for one in boxes.image_ids], bool)
        boxes = replace(boxes, there=there)
    check_file_names(boxes, img_dir)
    if img_ids is not None:
        boxes = boxes.select_images(img_ids)
    if categories is not None:
        boxes = boxes.select_categories(categories)
    # What was accepted is given from then on.
    keep = keep_masks or decisions is not None
    return keep_given_masks(boxes) if keep else boxes
