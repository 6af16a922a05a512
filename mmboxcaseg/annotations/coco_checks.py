"""Checks and corrections of a COCO json.

Values that are written in an unusual but clear way are accepted: whole
numbers as text or with a decimal point, ids that are numbers in one place and
text in another, categories without a name, an ``info`` that is no object.
They are corrected in place, so that the json that is written back is valid.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from .box_file import Id
from .lazy import LazyAnnotations
from .numbers import LARGEST, whole

LISTS = ('images', 'annotations', 'categories')
# Other formats by keys that their objects have, and how to get a COCO json.
# First formats whose top level is a list, then those where it is an object.
OTHER_LISTS = (
    (('data', 'annotations'), "Label Studio's own json: export as COCO"),
    (('image', 'annotations'), "CreateML's json: convert it to COCO"),
    (('imagefilename',), "CreateML's json: convert it to COCO"),
    (
        ('image_id', 'bbox', 'score'),
        'a list of detections: put it under '
        '"annotations" of a file with "images" and "categories"',
    ),
)
OTHER_OBJECTS = (
    (('shapes',), "LabelMe's json: convert it to COCO"),
    (('_via_img_metadata',), "VIA's project: export as COCO"),
    (('data', 'annotations'), "Label Studio's own json: export as COCO"),
)


def check_lists(content: Any, path: str) -> None:
    """Check that a COCO json has its three lists of objects.

    Args:
        content (Any): Content of a json. An ``info`` that is no object is
            replaced by one.
        path (str): Path of the file, for messages.

    Raises:
        ValueError: If the content is no COCO json. The message names the
            format if it is known.
    """
    if not isinstance(content, dict):
        first = content[0] if isinstance(content, list) and content else None
        raise ValueError(
            f'{path}: the top level of a COCO json is an object, '
            f'not {type(content).__name__}'
            f'{_format_hint(first, OTHER_LISTS)}'
        )
    for key in LISTS:
        if not isinstance(content.get(key), (list, LazyAnnotations)):
            raise ValueError(
                f'{path}: no list "{key}"; a COCO json has '
                '"images", "annotations" and "categories"'
                f'{_format_hint(content, OTHER_OBJECTS)}'
            )
    for key in LISTS:
        if isinstance(content[key], LazyAnnotations):
            # The parser has checked that all entries are objects.
            continue
        for place, entry in enumerate(content[key]):
            if not isinstance(entry, dict):
                raise ValueError(
                    f'{path}: {key}[{place}] must be an object, but is {entry!r}'
                )
    info = content.get('info', {})
    if not isinstance(info, dict):
        text = isinstance(info, str) and info
        content['info'] = dict(description=text) if text else {}


def _format_hint(entry: Any, formats: tuple) -> str:
    if isinstance(entry, dict):
        for keys, name in formats:
            if all(key in entry for key in keys):
                return f'; this looks like {name}'
    return ''


def check_images(images: list[dict], path: str, may_ask: bool) -> None:
    """Check ids, file names and sizes of images.

    Args:
        images (list[dict]): Images of a COCO json. Ids and sizes are
            corrected in place.
        path (str): Path of the file, for messages.
        may_ask (bool): Whether a size may be missing because it will be read
            from the photo. A missing size is set to 0.

    Raises:
        ValueError: If a key is missing or its value has another type.
    """
    for place, image in enumerate(images):
        for key in ('id', 'file_name', 'width', 'height'):
            if key not in image and not (may_ask and key in ('width', 'height')):
                raise ValueError(f'{path}: images[{place}] has no "{key}"')
        name = image['file_name']
        if not isinstance(name, str):
            raise ValueError(
                f'{path}: "file_name" of image {image["id"]!r} '
                f'is {name!r}; it must be a string'
            )
        for key in ('width', 'height'):
            _put_size_right(image, key, path, may_ask)
    _check_ids(images, 'image', path)


def _put_size_right(image: dict, key: str, path: str, may_ask: bool) -> None:
    value = image.get(key)
    if type(value) is int and 0 < value < LARGEST:
        return
    number = 0 if value is None or value == '' else whole(value)
    if number is None or number < 0 or number == 0 and not may_ask:
        hint = (
            ''
            if number != 0
            else '; only commands that get the folder of the photos can read '
            'a size that is missing or 0 from the photo'
        )
        raise ValueError(
            f'{path}: "{key}" of image {image["id"]!r} is '
            f'{value!r}; it must be a positive whole number'
            f'{hint}'
        )
    image[key] = number


def check_annotations(anns: list[dict], path: str) -> None:
    """Check ids, boxes and ``iscrowd`` of annotations.

    Args:
        anns (list[dict]): Annotations of a COCO json. Ids and ``iscrowd`` are
            corrected in place.
        path (str): Path of the file, for messages.

    Raises:
        ValueError: If a key is missing or its value has another type.
    """
    for place, ann in enumerate(anns):
        for key in ('id', 'image_id', 'category_id', 'bbox'):
            if key not in ann:
                raise ValueError(f'{path}: annotations[{place}] has no "{key}"')
        box = ann['bbox']
        if (
            not isinstance(box, list)
            or len(box) != 4
            or not all(_is_number(side) for side in box)
        ):
            raise ValueError(
                f'{path}: "bbox" of annotation {ann["id"]!r} is {box!r}; it '
                'must be four numbers [x, y, width, height]'
            )
        crowd = ann.get('iscrowd', 0)
        if type(crowd) is not int:
            number = crowd_number(crowd)
            if number is None:
                raise ValueError(
                    f'{path}: "iscrowd" of annotation {ann["id"]!r} is '
                    f'{crowd!r}; it must be 0 or 1'
                )
            ann['iscrowd'] = number
    _check_ids(anns, 'annotation', path)


def crowd_number(value: Any) -> int | None:
    """Convert a value of ``iscrowd`` to 0 or 1.

    Args:
        value (Any): Value of ``iscrowd`` in a json.

    Returns:
        int | None: 0 or 1; None if the value is neither a whole number nor
        true or false.

    Example:
        >>> crowd_number('true'), crowd_number('0'), crowd_number(None)
        (1, 0, 0)
        >>> crowd_number('many') is None
        True
    """
    if isinstance(value, str):
        value = dict(true=1, false=0).get(value.strip().lower(), value)
    if value is None or value == '' or isinstance(value, bool):
        return int(bool(value))
    number = whole(value)
    return None if number is None else int(number != 0)


def check_categories(categories: list[dict], path: str) -> None:
    """Check ids and names of categories.

    Args:
        categories (list[dict]): Categories of a COCO json. In place, blanks
            around names are removed, and a category without a name is named
            after its id.
        path (str): Path of the file, for messages.

    Raises:
        ValueError: If an id is missing or occurs twice, some ids are numbers
            and others text, or a name is neither text nor a number.
    """
    for place, category in enumerate(categories):
        if 'id' not in category:
            raise ValueError(f'{path}: categories[{place}] has no "id"')
    _check_ids(categories, 'category', path)
    ids = [category['id'] for category in categories]
    texts = [one for one in ids if isinstance(one, str)]
    if texts and len(texts) < len(ids):
        number = next(one for one in ids if not isinstance(one, str))
        raise ValueError(
            f'{path}: some category ids are numbers, such as {number!r}, and '
            f'others text, such as {texts[0]!r}; use one kind only, since '
            'the ids determine the order of the classes'
        )
    for category in categories:
        name = category.get('name')
        if isinstance(name, str):
            category['name'] = name = name.strip()
        if name is None or name == '':
            category['name'] = str(category['id'])
        elif not isinstance(name, (str, int, float)):
            raise ValueError(
                f'{path}: "name" of category '
                f'{category["id"]!r} is {name!r}; it must be '
                'text'
            )


def check_owners(
    anns: list[dict], images: dict[Id, int], categories: dict[Id, int], path: str
) -> None:
    """Check that every annotation belongs to an image and a category.

    Args:
        anns (list[dict]): Annotations of a COCO json. An ``image_id`` or
            ``category_id`` that is text where the image's or category's own
            id is a number, or the reverse, is corrected in place.
        images (dict[int | str, int]): Places of the images by id.
        categories (dict[int | str, int]): Places of the categories by id.
        path (str): Path of the file, for messages.

    Raises:
        ValueError: If the file has no such image or category.
    """
    for ann in anns:
        if not _put_owner_right(ann, 'image_id', images):
            raise ValueError(
                f'{path}: annotation {ann["id"]!r} belongs to image '
                f'{ann["image_id"]!r}, which is not in "images"'
            )
        if not _put_owner_right(ann, 'category_id', categories):
            raise ValueError(
                f'{path}: annotation {ann["id"]!r} belongs to category '
                f'{ann["category_id"]!r}, which is not in "categories"'
            )


def _put_owner_right(ann: dict, key: str, owners: dict[Id, int]) -> bool:
    value = ann[key]
    if type(value) in (int, str) and value in owners:
        return True
    number = whole(value)
    if number is None:
        return False
    for other in (number, str(number)):
        if other in owners:
            ann[key] = other
            return True
    return False


def _is_number(value: Any) -> bool:
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) <= LARGEST
    return isinstance(value, float)


def _check_ids(entries: list[dict], kind: str, path: str) -> None:
    """Check that ids are whole numbers or text, and unique."""
    for entry in entries:
        value = entry['id']
        if type(value) in (int, str):
            continue
        number = whole(value)
        if number is None:
            raise ValueError(
                f'{path}: {kind} id {value!r} is neither a whole number nor a string'
            )
        entry['id'] = number
    check_unique([entry['id'] for entry in entries], kind, path)


def check_unique(ids: Sequence[Id], kind: str, path: str) -> None:
    """Check that ids are unique, also when numbers are written as text.

    Args:
        ids (Sequence[int | str]): The ids.
        kind (str): What the ids belong to, such as ``'image'``, for the
            message.
        path (str): Path of the file, for the message.

    Raises:
        ValueError: If an id occurs twice, or once as a number and once as
            text.
    """
    counts = Counter(ids)
    repeated = [key for key, count in counts.items() if count > 1]
    if repeated:
        raise ValueError(
            f'{path}: {len(repeated)} {kind} ids occur more than once, the '
            f'first is {repeated[0]!r}; ids must be unique'
        )
    for key in counts:
        number = whole(key) if isinstance(key, str) else None
        if number is not None and number in counts:
            raise ValueError(
                f'{path}: there are {kind} ids {number} and {key!r}; ids must '
                'differ even if all of them are read as text'
            )
