"""Reading and checking a COCO annotation file before any work starts."""
import contextlib
import gc
import json
from collections import Counter
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, Dict, Iterable, Iterator, List

import numpy as np

from mmboxcaseg.masks import usable_boxes

# Larger whole numbers are no coordinates, and some don't fit a float.
LARGEST = 2**53


def load_coco(ann_file: str, with_masks: bool = True) -> Dict[str, Any]:
    """Read a COCO json and check what making masks relies on.

    Args:
        ann_file (str): Path of the json.
        with_masks (bool): Whether annotations keep their ``segmentation``.
            Without, it is dropped as soon as it is read: polygons are most
            of such a file, and take several times its size in memory.
            Defaults to True.

    Returns:
        dict: The content, unchanged but for that.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not a COCO json; see :func:`check_coco`.
    """
    # Some editors put a byte order mark before the text.
    with open(ann_file, encoding='utf-8-sig') as file, _no_collection():
        try:
            data = json.load(
                file, object_hook=None if with_masks else _without_mask)
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise ValueError(f'{ann_file} is not valid json: {error}')
    check_coco(data, ann_file)
    return data


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
    entry.pop('segmentation', None)
    return entry


def check_coco(data: Dict[str, Any], name: str) -> None:
    """Check ids, sizes and boxes of a COCO dictionary.

    Args:
        data (dict): Content of a COCO json.
        name (str): What to call it in messages: its path.

    Raises:
        ValueError: If a list is missing; an image has no id, file name, width
            or height; an id occurs twice; an annotation belongs to no image
            or category of the file or its ``bbox`` is not four numbers.
    """
    if not isinstance(data, dict):
        raise ValueError(f'{name}: the top level of a COCO json is an object, '
                         f'not {type(data).__name__}')
    for key in ('images', 'annotations', 'categories'):
        if not isinstance(data.get(key), list):
            raise ValueError(f'{name}: no list "{key}"; a COCO json has '
                             '"images", "annotations" and "categories"')
    if not isinstance(data.get('info', {}), dict):
        raise ValueError(f'{name}: "info" must be an object')
    for key in ('images', 'annotations', 'categories'):
        for place, entry in enumerate(data[key]):
            if not isinstance(entry, dict):
                raise ValueError(f'{name}: {key}[{place}] must be an object, '
                                 f'but is {entry!r}')
    for place, image in enumerate(data['images']):
        for key in ('id', 'file_name', 'width', 'height'):
            if key not in image:
                raise ValueError(f'{name}: images[{place}] has no "{key}"')
        if not isinstance(image['file_name'], str):
            raise ValueError(f'{name}: "file_name" of image {image["id"]!r} '
                             f'is {image["file_name"]!r}; it must be a string')
        for key in ('width', 'height'):
            if not isinstance(image[key], int) or image[key] < 1:
                raise ValueError(
                    f'{name}: "{key}" of image {image["id"]!r} is '
                    f'{image[key]!r}; it must be a positive whole number')
    _check_ids(data['images'], 'image', name)
    images = {image['id'] for image in data['images']}
    categories = {category.get('id') for category in data['categories']}
    for place, ann in enumerate(data['annotations']):
        for key in ('id', 'image_id', 'category_id', 'bbox'):
            if key not in ann:
                raise ValueError(f'{name}: annotations[{place}] has no '
                                 f'"{key}"')
        if ann['image_id'] not in images:
            raise ValueError(
                f'{name}: annotation {ann["id"]!r} belongs to image '
                f'{ann["image_id"]!r}, which is not in "images"')
        if ann['category_id'] not in categories:
            raise ValueError(
                f'{name}: annotation {ann["id"]!r} is of category '
                f'{ann["category_id"]!r}, which is not in "categories"')
        box = ann['bbox']
        if (not isinstance(box, list) or len(box) != 4
                or not all(_is_number(side) for side in box)):
            raise ValueError(
                f'{name}: "bbox" of annotation {ann["id"]!r} is {box!r}; it '
                'must be four numbers [x, y, width, height]')
    _check_ids(data['annotations'], 'annotation', name)


def _is_number(value: Any) -> bool:
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) <= LARGEST
    return isinstance(value, float)


def _check_ids(entries: List[dict], kind: str, name: str) -> None:
    for entry in entries:
        if not isinstance(entry['id'], (int, str)):
            raise ValueError(f'{name}: {kind} id {entry["id"]!r} is neither a '
                             'whole number nor a string')
    counts = Counter(entry['id'] for entry in entries)
    repeated = [key for key, count in counts.items() if count > 1]
    if repeated:
        raise ValueError(f'{name}: {len(repeated)} {kind} ids occur more than '
                         f'once, the first is {repeated[0]!r}; ids must be '
                         'unique')


def select_images(data: Dict[str, Any], image_ids: Iterable[Any],
                  name: str) -> Dict[str, Any]:
    """The part of a COCO dictionary that belongs to some of its images.

    Args:
        data (dict): Content of a COCO json.
        image_ids (Iterable): Ids of the images to keep.
        name (str): What to call ``data`` in messages: its path.

    Returns:
        dict: A new dictionary; images and annotations in their old order,
        every other top-level key as it was.

    Raises:
        ValueError: If an id belongs to no image.
    """
    wanted = set(image_ids)
    unknown = wanted - {image['id'] for image in data['images']}
    if unknown:
        raise ValueError(f'{name}: {len(unknown)} of the asked image ids are '
                         f'not in it, such as {min(unknown, key=str)!r}')
    part = dict(data)
    part['images'] = [img for img in data['images'] if img['id'] in wanted]
    part['annotations'] = [
        ann for ann in data['annotations'] if ann['image_id'] in wanted
    ]
    return part


def is_crowd(ann: Dict[str, Any]) -> bool:
    """Whether an annotation marks a crowd, which gets no proxy mask."""
    return bool(ann.get('iscrowd', 0))


def check_file_names(data: Dict[str, Any], name: str) -> None:
    """Check that no image lies outside the folder of the images.

    Args:
        data (dict): Content of a checked COCO json.
        name (str): What to call it in messages: its path.

    Raises:
        ValueError: If a ``file_name`` is empty, absolute, or climbs out of
            the folder by ``..``.
    """
    for image in data['images']:
        text = image['file_name']
        # A json may come from another system than the one it is read on.
        for path in (PurePosixPath(text), PureWindowsPath(text)):
            if (not path.parts or path.anchor or '..' in path.parts
                    or '\0' in text):
                raise ValueError(
                    f'{name}: "file_name" of image {image["id"]!r} is '
                    f'{text!r}; it must be a path below the folder of the '
                    'images, neither absolute nor with ".."')


def select_categories(data: Dict[str, Any], asked: Iterable[str],
                      name: str) -> Dict[str, Any]:
    """The part of a COCO dictionary that belongs to some categories.

    Args:
        data (dict): Content of a checked COCO json.
        asked (Iterable[str]): Names or ids of the categories to keep; a name
            goes before an id.
        name (str): What to call ``data`` in messages: its path.

    Returns:
        dict: A new dictionary; all images, the categories and their
        annotations in their old order, every other top-level key as it was.

    Raises:
        ValueError: If a category is not there.
    """
    kept = set()
    for text in asked:
        found = [
            category['id']
            for category in data['categories'] if category.get('name') == text
        ] or [
            category['id']
            for category in data['categories'] if str(category['id']) == text
        ]
        if not found:
            names = [
                str(category.get('name', category['id']))
                for category in data['categories']
            ]
            raise ValueError(f'{name}: no category {text!r}; it has '
                             f'{", ".join(names)}')
        kept.update(found)
    part = dict(data)
    part['categories'] = [
        category for category in data['categories'] if category['id'] in kept
    ]
    part['annotations'] = [
        ann for ann in data['annotations'] if ann['category_id'] in kept
    ]
    return part


def unusable_annotations(data: Dict[str, Any]) -> Dict[Any, str]:
    """The non-crowd annotations whose box covers nothing.

    Args:
        data (dict): Content of a checked COCO json.

    Returns:
        dict: What is wrong by annotation id, in the order of the
        annotations; see
        :func:`~mmboxcaseg.proxy_masks.rects.usable_boxes`.
    """
    anns = [ann for ann in data['annotations'] if not is_crowd(ann)]
    if not anns:
        return {}
    sizes = {
        img['id']: (img['height'], img['width'])
        for img in data['images']
    }
    boxes = np.array([ann['bbox'] for ann in anns], dtype=np.float64)
    boxes[:, 2:] += boxes[:, :2]
    height, width = np.array([sizes[ann['image_id']] for ann in anns]).T
    usable = usable_boxes(boxes, height, width)
    return {
        anns[index]['id']:
        _what_is_wrong(anns[index]['bbox'], height[index], width[index])
        for index in np.flatnonzero(~usable)
    }


def _what_is_wrong(box: List[float], height: int, width: int) -> str:
    text = f'the box [x, y, width, height] {box}'
    if not np.isfinite(box).all():
        return f'{text} is not finite'
    if box[2] <= 0 or box[3] <= 0:
        return f'{text} has no area'
    return f'{text} lies outside the image of {width} x {height} pixels'


def scored_annotations(data: Dict[str, Any], name: str) -> List[dict]:
    """The annotations of a proxy-mask file that have a mask: no crowds.

    Args:
        data (dict): Content of a checked COCO json.
        name (str): What to call it in messages: its path.

    Returns:
        list[dict]: The annotations, in their order.

    Raises:
        ValueError: If one has no ``segmentation`` or no ``proxy_agreement``
            in [0, 1].
    """
    anns = [ann for ann in data['annotations'] if not is_crowd(ann)]
    for ann in anns:
        agreement = ann.get('proxy_agreement')
        # No polygons are an empty mask, so the key is what counts.
        if 'segmentation' not in ann or not (_is_number(agreement)
                                             and 0 <= agreement <= 1):
            raise ValueError(
                f'{name}: annotation {ann["id"]!r} has no '
                '"proxy_agreement" from 0 to 1 or no "segmentation"; give a '
                'file of tools/make_proxy_masks.py')
    return anns
