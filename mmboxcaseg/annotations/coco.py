"""Reading and checking COCO annotation files before any work starts."""

import contextlib
import gc
import hashlib
import json
import os.path as osp
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from mmboxcaseg.masks import usable_boxes
from mmboxcaseg.text import decode

from .box_file import BoxFile, Id, SkippedFile
from .coco_checks import (
    check_annotations,
    check_categories,
    check_images,
    check_lists,
    check_owners,
    check_unique,
    crowd_number,
)
from .coco_photos import ask_sizes, check_file_name, put_names_right
from .lazy import Columns, LazyAnnotations, parse_lazily
from .resolve import PhotoFinder


def read_coco(
    path: str, with_masks: bool = False, img_dir: str | None = None
) -> BoxFile:
    """Read and check a COCO json.

    Args:
        path (str): Path of the json.
        with_masks (bool): Whether annotations keep their ``segmentation``.
            Polygons are most of such a file and take several times its size
            in memory; without masks they are dropped as soon as they are
            read, except for those of crowds. Defaults to False.
        img_dir (str, optional): Folder of the photos. Names that don't quite
            match a photo are corrected, see
            :class:`~mmboxcaseg.annotations.PhotoFinder`, and missing sizes
            are read from the photos. Defaults to None: names stay as they
            are, and a missing size is an error.

    Returns:
        BoxFile: The boxes of the file. Corrected file names, and values that
        :mod:`~mmboxcaseg.annotations.coco_checks` has corrected, are in its
        ``content`` too.

    Raises:
        FileNotFoundError: If there is no such file.
        OSError: If the file can't be read.
        ValueError: If the file is no COCO json: a list is missing; an image
            has no id, file name, width or height; an id occurs twice; an
            annotation belongs to no image or category of the file, or its
            ``bbox`` is not four numbers in pixels.
    """
    if not osp.isfile(path):
        raise FileNotFoundError(
            f'no annotation file {path}; give the path of a COCO json (in a '
            'config: ann_file, with data_root if that is set)'
        )
    content, columns, digest = _parse(path, with_masks)
    boxes = to_box_file(content, path, digest, img_dir=img_dir, columns=columns)
    _check_pixels(boxes)
    return boxes


def _check_pixels(boxes: BoxFile) -> None:
    """Raise ValueError if boxes seem to be fractions of the image's size."""
    values = boxes.xywh
    if (
        len(values)
        and (np.abs(values) <= 1).all()
        and (values[:, 2:] > 0).all()
        and (values % 1 > 0).any()
        and boxes.sizes.min() > 1
    ):
        raise ValueError(
            f'{boxes.path}: no "bbox" has a number above 1, so they seem to '
            'be fractions of the width and height of the image; COCO has '
            'pixels: multiply the numbers by the width and the height'
        )


def load_coco(ann_file: str, with_masks: bool = True) -> dict[str, Any]:
    """Read a COCO json as a dictionary. Deprecated: use :func:`read_coco`."""
    content = read_coco(ann_file, with_masks).content
    return dict(content, annotations=list(content['annotations']))


def _parse(path: str, with_masks: bool) -> tuple[Any, Columns | None, str]:
    """Parse a json file.

    Returns its content, the columns of its annotations (None if they have
    not been checked yet), and the SHA-256 of its bytes.
    """
    with open(path, 'rb') as file:
        text = file.read()
    digest = hashlib.sha256(text).hexdigest()
    with _no_collection():
        parsed = parse_lazily(text, with_masks)
        if parsed is None:
            # Frees memory before the file is read again as text.
            del text
            parsed = _parse_loosely(path, with_masks), None
    return *parsed, digest


def _parse_loosely(path: str, with_masks: bool) -> Any:
    """Parse a file with the standard library, whose errors say what is wrong."""
    hook = None if with_masks else _without_mask
    # Some editors put a byte order mark before the text.
    with open(path, encoding='utf-8-sig') as file:
        try:
            return json.load(file, object_hook=hook)
        # Numbers of thousands of digits are a ValueError too.
        except (ValueError, RecursionError) as error:
            raise ValueError(
                f'{path} is not valid json: {error}{_what_it_is(path)}'
            ) from error


def _what_it_is(path: str) -> str:
    """Guess what a file that is no json may be, as the end of a message."""
    with open(path, 'rb') as file:
        content = file.read()
    if not content.strip():
        return '; the file is empty'
    try:
        decode(content, path)
    except ValueError as error:
        return f'; {error}'.replace(f'{path} ', 'it ')
    if content.lstrip().startswith(b'<'):
        return '; Pascal VOC is given as the folder of its .xml files'
    return ''


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Suspend the search for cyclic garbage.

    Json makes no cycles, and the search would visit all parsed values again
    and again.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _without_mask(entry: dict[str, Any]) -> dict[str, Any]:
    # The key stays, so that the file is written back with its keys in order.
    # Crowds keep their masks, and objects nested in an annotation, which have
    # no image_id, keep everything.
    if entry.keys() >= {'segmentation', 'image_id'} and not is_crowd(entry):
        entry['segmentation'] = None
    return entry


def to_box_file(
    content: Any,
    path: str,
    digest: str,
    left_out: Sequence[SkippedFile] = (),
    img_dir: str | None = None,
    columns: Columns | None = None,
) -> BoxFile:
    """Check a COCO dictionary and convert its boxes to columns.

    Args:
        content (dict): Content of a COCO json. Corrections are made in place.
        path (str): Path of the file, for messages.
        digest (str): SHA-256 of what was read, hexadecimal.
        left_out (Sequence[SkippedFile]): Annotation files that were skipped
            before. Defaults to ().
        img_dir (str, optional): Folder of the photos, see :func:`read_coco`.
            Defaults to None.
        columns (Columns, optional): Columns of the annotations if these are
            :class:`~mmboxcaseg.annotations.lazy.LazyAnnotations`. Defaults to
            None.

    Returns:
        BoxFile: The boxes.

    Raises:
        ValueError: If the content is no COCO json, see :func:`read_coco`.
    """
    check_lists(content, path)
    check_images(content['images'], path, may_ask=img_dir is not None)
    gone: set[Id] | None = None
    if img_dir is not None:
        finder = PhotoFinder(img_dir, osp.dirname(osp.abspath(path)))
        gone = put_names_right(content['images'], finder)
        left_out = [*left_out, *ask_sizes(content, finder, path)]
    images, categories = content['images'], content['categories']
    check_categories(categories, path)
    image_place = {image['id']: place for place, image in enumerate(images)}
    category_place = {
        category['id']: place for place, category in enumerate(categories)
    }
    columns = _checked_columns(content, columns, image_place, category_place, path)
    anns = content['annotations']
    sizes = np.array(
        [(image['height'], image['width']) for image in images], dtype=np.int64
    ).reshape(-1, 2)
    image_index = np.array(
        [image_place[one] for one in columns.image_ids], dtype=np.int64
    )
    boxes, crowd = columns.xywh.copy(), columns.crowd
    boxes[:, 2:] += boxes[:, :2]
    covers = usable_boxes(boxes, *sizes[image_index].T)
    return BoxFile(
        path=path,
        image_ids=tuple(image_place),
        file_names=tuple(image['file_name'] for image in images),
        sizes=sizes,
        category_ids=tuple(category_place),
        category_names=tuple(str(category['name']) for category in categories),
        box_ids=tuple(columns.ids),
        image_index=image_index,
        category_index=np.array(
            [category_place[one] for one in columns.category_ids], dtype=np.int64
        ),
        boxes=boxes,
        crowd=crowd,
        usable=covers & ~crowd,
        why_not={
            place: _what_is_wrong(
                anns[place]['bbox'], *sizes[image_index[place]].tolist()
            )
            for place in np.flatnonzero(~covers & ~crowd).tolist()
        },
        digest=digest,
        content=content,
        left_out=tuple(left_out),
        there=None
        if gone is None
        else np.array([one not in gone for one in image_place], dtype=bool),
    )


def _checked_columns(
    content: dict[str, Any],
    columns: Columns | None,
    images: dict[Id, int],
    categories: dict[Id, int],
    path: str,
) -> Columns:
    """Check the annotations, correct them in place, and return their columns."""
    anns = content['annotations']
    if columns is not None and isinstance(anns, LazyAnnotations):
        if images.keys() >= set(columns.image_ids) and categories.keys() >= set(
            columns.category_ids
        ):
            check_unique(columns.ids, 'annotation', path)
            return columns
        anns = content['annotations'] = list(anns)
    check_annotations(anns, path)
    check_owners(anns, images, categories, path)
    return Columns(
        ids=[ann['id'] for ann in anns],
        image_ids=[ann['image_id'] for ann in anns],
        category_ids=[ann['category_id'] for ann in anns],
        xywh=np.array([ann['bbox'] for ann in anns], np.float64).reshape(-1, 4),
        crowd=np.array([is_crowd(ann) for ann in anns], dtype=bool),
    )


def is_crowd(ann: dict[str, Any]) -> bool:
    """Whether an annotation is a crowd, which gets no proxy mask.

    Args:
        ann (dict): A COCO annotation.

    Returns:
        bool: True if ``iscrowd`` stands for 1, or for nothing known.
    """
    # check_annotations refuses values that stand for nothing known.
    return crowd_number(ann.get('iscrowd', 0)) != 0


def _what_is_wrong(box: list[float], height: int, width: int) -> str:
    text = f'the box [x, y, width, height] {box}'
    if not np.isfinite(box).all():
        return f'{text} is not finite'
    if box[2] <= 0 or box[3] <= 0:
        return f'{text} has no area'
    return f'{text} lies outside the image of {width} x {height} pixels'


def check_file_names(boxes: BoxFile, img_dir: str | None = None) -> None:
    """Check that all images lie below the image folder.

    Args:
        boxes (BoxFile): The boxes whose images are checked.
        img_dir (str, optional): The image folder. With it the message can
            suggest the photo that is probably meant. Defaults to None.

    Raises:
        ValueError: If a ``file_name`` is empty, absolute, or leads out of
            the folder by ``..``.
    """
    finder = None if img_dir is None else PhotoFinder(img_dir)
    for image_id, name in zip(boxes.image_ids, boxes.file_names, strict=True):
        check_file_name(name, image_id, boxes.path, finder)
