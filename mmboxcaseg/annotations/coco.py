"""Reading and checking a COCO annotation file before any work starts."""
import contextlib
import gc
import hashlib
import json
import os.path as osp
from collections import Counter
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, Dict, Iterator, List, Sequence, Tuple

import numpy as np

from mmboxcaseg.masks import usable_boxes
from .box_file import BoxFile, SkippedFile

# Larger whole numbers are no coordinates, and some don't fit a float.
LARGEST = 2**53


def read_coco(path: str, with_masks: bool = False) -> BoxFile:
    """Read a COCO json and check what making masks relies on.

    Args:
        path (str): Path of the json.
        with_masks (bool): Whether annotations that are no crowds keep their
            ``segmentation``. Without, it is dropped as soon as it is read:
            polygons are most of such a file, and take several times its size
            in memory. Defaults to False.

    Returns:
        BoxFile: Its boxes.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not a COCO json: a list is missing; an image has
            no id, file name, width or height; an id occurs twice; an
            annotation belongs to no image or category of the file, or its
            ``bbox`` is not four numbers.
    """
    if not osp.isfile(path):
        raise FileNotFoundError(
            f'no annotation file {path}; give the path of a COCO json (in a '
            'config: ann_file, with data_root if that is set)')
    content, digest = _load(path, with_masks)
    return to_box_file(content, path, digest)


def load_coco(ann_file: str, with_masks: bool = True) -> Dict[str, Any]:
    """Deprecated: the content of :func:`read_coco`, a COCO dictionary."""
    return read_coco(ann_file, with_masks).content


def _load(path: str, with_masks: bool) -> Tuple[Any, str]:
    """The content of a json file, and the SHA-256 of its bytes."""
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        for block in iter(lambda: file.read(2**20), b''):
            digest.update(block)
    hook = None if with_masks else _without_mask
    # Some editors put a byte order mark before the text.
    with open(path, encoding='utf-8-sig') as file, _no_collection():
        try:
            content = json.load(file, object_hook=hook)
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise ValueError(f'{path} is not valid json: {error}') from error
    return content, digest.hexdigest()


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Hold the search for cyclic garbage back, which json never makes.

    It would go through all that was read before again and again.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _without_mask(entry: Dict[str, Any]) -> Dict[str, Any]:
    # The key keeps its place, for the file to be written back; so does the
    # mask of a crowd.
    if 'segmentation' in entry and not is_crowd(entry):
        entry['segmentation'] = None
    return entry


def to_box_file(content: Any,
                path: str,
                digest: str,
                left_out: Sequence[SkippedFile] = ()) -> BoxFile:
    """Check a COCO dictionary and lay its boxes out in columns.

    Args:
        content (dict): Content of a COCO json.
        path (str): What to call it in messages.
        digest (str): SHA-256 of what was read.
        left_out (Sequence[SkippedFile]): See :class:`BoxFile`. Defaults to
            ().

    Returns:
        BoxFile: Its boxes.

    Raises:
        ValueError: See :func:`read_coco`.
    """
    _check_lists(content, path)
    images, anns = content['images'], content['annotations']
    categories = content['categories']
    _check_images(images, path)
    _check_annotations(anns, path)
    image_place = {image['id']: place for place, image in enumerate(images)}
    category_place = {
        category.get('id'): place
        for place, category in enumerate(categories)
    }
    _check_owners(anns, image_place, category_place, path)
    sizes = np.array([(image['height'], image['width']) for image in images],
                     dtype=np.int64).reshape(-1, 2)
    image_index = np.array([image_place[ann['image_id']] for ann in anns],
                           dtype=np.int64)
    boxes = np.array([ann['bbox'] for ann in anns],
                     dtype=np.float64).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    crowd = np.array([is_crowd(ann) for ann in anns], dtype=bool)
    covers = usable_boxes(boxes, *sizes[image_index].T)
    return BoxFile(
        path=path,
        image_ids=tuple(image_place),
        file_names=tuple(image['file_name'] for image in images),
        sizes=sizes,
        category_ids=tuple(category.get('id') for category in categories),
        category_names=tuple(
            str(category.get('name', category.get('id')))
            for category in categories),
        box_ids=tuple(ann['id'] for ann in anns),
        image_index=image_index,
        category_index=np.array(
            [category_place[ann['category_id']] for ann in anns],
            dtype=np.int64),
        boxes=boxes,
        crowd=crowd,
        usable=covers & ~crowd,
        why_not={
            place:
            _what_is_wrong(anns[place]['bbox'],
                           *sizes[image_index[place]].tolist())
            for place in np.flatnonzero(~covers & ~crowd).tolist()
        },
        digest=digest,
        content=content,
        left_out=tuple(left_out))


def is_crowd(ann: Dict[str, Any]) -> bool:
    """Whether an annotation marks a crowd, which gets no proxy mask."""
    return bool(ann.get('iscrowd', 0))


def _what_is_wrong(box: List[float], height: int, width: int) -> str:
    text = f'the box [x, y, width, height] {box}'
    if not np.isfinite(box).all():
        return f'{text} is not finite'
    if box[2] <= 0 or box[3] <= 0:
        return f'{text} has no area'
    return f'{text} lies outside the image of {width} x {height} pixels'


def _check_lists(content: Any, path: str) -> None:
    """Check that there are three lists of objects, and ``info`` is one."""
    if not isinstance(content, dict):
        raise ValueError(f'{path}: the top level of a COCO json is an object, '
                         f'not {type(content).__name__}')
    lists = ('images', 'annotations', 'categories')
    for key in lists:
        if not isinstance(content.get(key), list):
            raise ValueError(f'{path}: no list "{key}"; a COCO json has '
                             '"images", "annotations" and "categories"')
    if not isinstance(content.get('info', {}), dict):
        raise ValueError(f'{path}: "info" must be an object')
    for key in lists:
        for place, entry in enumerate(content[key]):
            if not isinstance(entry, dict):
                raise ValueError(f'{path}: {key}[{place}] must be an object, '
                                 f'but is {entry!r}')


def _check_images(images: List[dict], path: str) -> None:
    """Check ids, file names and sizes of images."""
    for place, image in enumerate(images):
        for key in ('id', 'file_name', 'width', 'height'):
            if key not in image:
                raise ValueError(f'{path}: images[{place}] has no "{key}"')
        if not isinstance(image['file_name'], str):
            raise ValueError(f'{path}: "file_name" of image {image["id"]!r} '
                             f'is {image["file_name"]!r}; it must be a string')
        for key in ('width', 'height'):
            if not isinstance(image[key], int) or image[key] < 1:
                raise ValueError(
                    f'{path}: "{key}" of image {image["id"]!r} is '
                    f'{image[key]!r}; it must be a positive whole number')
    _check_ids(images, 'image', path)


def _check_annotations(anns: List[dict], path: str) -> None:
    """Check ids and boxes of annotations."""
    for place, ann in enumerate(anns):
        for key in ('id', 'image_id', 'category_id', 'bbox'):
            if key not in ann:
                raise ValueError(f'{path}: annotations[{place}] has no '
                                 f'"{key}"')
        box = ann['bbox']
        if (not isinstance(box, list) or len(box) != 4
                or not all(_is_number(side) for side in box)):
            raise ValueError(
                f'{path}: "bbox" of annotation {ann["id"]!r} is {box!r}; it '
                'must be four numbers [x, y, width, height]')
    _check_ids(anns, 'annotation', path)


def _check_owners(anns: List[dict], images: Dict[Any, int],
                  categories: Dict[Any, int], path: str) -> None:
    """Check that annotations belong to an image and a category."""
    for ann in anns:
        if ann['image_id'] not in images:
            raise ValueError(
                f'{path}: annotation {ann["id"]!r} belongs to image '
                f'{ann["image_id"]!r}, which is not in "images"')
        if ann['category_id'] not in categories:
            raise ValueError(
                f'{path}: annotation {ann["id"]!r} is of category '
                f'{ann["category_id"]!r}, which is not in "categories"')


def _is_number(value: Any) -> bool:
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) <= LARGEST
    return isinstance(value, float)


def _check_ids(entries: List[dict], kind: str, path: str) -> None:
    for entry in entries:
        if not isinstance(entry['id'], (int, str)):
            raise ValueError(f'{path}: {kind} id {entry["id"]!r} is neither a '
                             'whole number nor a string')
    counts = Counter(entry['id'] for entry in entries)
    repeated = [key for key, count in counts.items() if count > 1]
    if repeated:
        raise ValueError(f'{path}: {len(repeated)} {kind} ids occur more than '
                         f'once, the first is {repeated[0]!r}; ids must be '
                         'unique')


def check_file_names(boxes: BoxFile) -> None:
    """Check that no image lies outside the folder of the images.

    Args:
        boxes (BoxFile): The boxes.

    Raises:
        ValueError: If a ``file_name`` is empty, absolute, or climbs out of
            the folder by ``..``.
    """
    for image_id, text in zip(boxes.image_ids, boxes.file_names):
        # A json may come from another system than the one it is read on.
        for path in (PurePosixPath(text), PureWindowsPath(text)):
            if (not path.parts or path.anchor or '..' in path.parts
                    or '\0' in text):
                raise ValueError(
                    f'{boxes.path}: "file_name" of image {image_id!r} is '
                    f'{text!r}; it must be a path below the folder of the '
                    'images, neither absolute nor with ".."')
