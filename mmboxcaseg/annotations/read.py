"""Reading boxes of any format, checked and restricted to what is wanted."""

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
    """Find out the format of annotations.

    Args:
        path (str): Path of a COCO json, or of a folder that has VOC's
            ``.xml`` or YOLO's ``.txt`` files at any depth.

    Returns:
        str: ``'coco'``, ``'voc'`` or ``'yolo'``.

    Raises:
        FileNotFoundError: If there is nothing at the path.
        ValueError: If the folder has files of neither format, or of both.
    """
    if osp.isfile(path):
        return 'coco'
    if not osp.isdir(path):
        raise FileNotFoundError(f'no file or folder {path}')
    xmls, txts = files_below(path, '.xml'), files_below(path, '.txt')
    # Exports may also have read-me files, lists, and XML of other formats.
    if xmls and txts:
        txts = [one for one in txts if looks_like_labels(osp.join(path, one))]
        if txts:
            xmls = [one for one in xmls if looks_like_voc(osp.join(path, one))]
    if bool(xmls) != bool(txts):
        return 'voc' if xmls else 'yolo'
    jsons = files_below(path, '.json')
    if not (xmls or txts or jsons):
        raise ValueError(
            f'{path} holds no boxes: it has no .json, .xml or .txt file; give a '
            'COCO json or a folder of .xml or .txt files'
        )
    found = 'both .xml and .txt' if xmls else 'neither .xml nor .txt'
    hint = (
        f' (give the path of a COCO json itself, such as {jsons[0]})' if jsons else ''
    )
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
    """Read and check boxes in any of the formats.

    Args:
        path (str): Path of a COCO json, or of a folder with VOC's or YOLO's
            files.
        img_dir (str): Folder of the photos. File names that don't quite match
            a photo are corrected, see
            :class:`~mmboxcaseg.annotations.PhotoFinder`.
        kind (str, optional): The format: ``'coco'``, ``'voc'`` or ``'yolo'``.
            Defaults to None: :func:`find_format` finds it out.
        classes (str, optional): Path of a file with the names of YOLO's
            classes. Defaults to None: it is looked for near the labels.
        img_ids (Sequence[str], optional): Ids of the images to keep, as text.
            Defaults to None: all.
        categories (Sequence[str], optional): Names or ids of the categories
            to keep. Defaults to None: all.
        decisions (str, optional): Path of a file of decisions about the masks
            of a COCO json, see
            :func:`~mmboxcaseg.annotations.read_decisions`. The decisions are
            applied to all images, and masks are kept as with ``keep_masks``.
            Defaults to None.
        keep_masks (bool): Whether masks that a COCO json has are kept, see
            :func:`~mmboxcaseg.annotations.given.keep_given_masks`. Defaults
            to False: they are not read.

    Returns:
        BoxFile: The boxes that were asked for.

    Raises:
        FileNotFoundError: If there is nothing at the path.
        ValueError: If the annotations are not valid, an image or a category
            that was asked for does not exist, or decisions are given for
            boxes that are no COCO json.
    """
    kind = kind or find_format(path)
    if kind == 'coco':
        with_masks = keep_masks or decisions is not None
        boxes = decided_boxes(
            read_coco(path, with_masks=with_masks, img_dir=img_dir), decisions
        )
    elif decisions is not None:
        raise ValueError(
            f'{path} has no masks to which {decisions} could apply; give the '
            'COCO json that was reviewed'
        )
    else:
        gone: set[int] = set()
        if kind == 'voc':
            content, left_out, gone = read_voc(path, img_dir)
        else:
            # Labels without a photo are in left_out already.
            content, left_out = read_yolo(path, img_dir, classes)
        boxes = to_box_file(content, path, digest_of(content), left_out)
        there = np.array([one not in gone for one in boxes.image_ids], bool)
        boxes = replace(boxes, there=there)
    check_file_names(boxes, img_dir)
    if img_ids is not None:
        boxes = boxes.select_images(img_ids)
    if categories is not None:
        boxes = boxes.select_categories(categories)
    # Accepted masks count as given.
    keep = keep_masks or decisions is not None
    return keep_given_masks(boxes) if keep else boxes
