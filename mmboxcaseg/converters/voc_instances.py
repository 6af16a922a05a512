"""Reading the instances of an image of VOC 2012 or SBD, for ``voc_sbd.py``.

An image becomes an entry of COCO's ``images``, and annotations without
``id``. Contradictions between the files of an image are counted and reported.
"""

import os.path as osp
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Callable

import numpy as np
from PIL import Image
from pycocotools import mask as coco_mask

from .coco_subset import VOC_BY_COCO_NAME

CLASSES = tuple(VOC_BY_COCO_NAME.values())
# Value of pixels at the border of objects, and of objects that were too hard
# to segment.
VOID = 255


def import_loadmat() -> Callable:
    """Import SciPy's reader of MATLAB files.

    Returns:
        Callable: ``scipy.io.loadmat``.

    Raises:
        ImportError: If SciPy is not installed.
    """
    try:
        from scipy.io import loadmat
    except ImportError as error:
        raise ImportError(
            "SBD's masks are MATLAB files, and reading them needs the package "
            'scipy: pip install scipy'
        ) from error
    return loadmat


def read_ids(path: str) -> np.ndarray:
    """Read a PNG whose pixels are numbers of objects or classes.

    Args:
        path (str): Path of a PNG with a palette, as VOC has them, or in grey.

    Returns:
        np.ndarray: Numbers, (H, W) uint8; 0 is background, 255 is void.

    Raises:
        OSError: If the file can't be read.
        ValueError: If the PNG has colours instead of a palette.
    """
    with Image.open(path) as picture:
        if picture.mode not in ('P', 'L'):
            raise ValueError(
                f'{path} is a picture of mode {picture.mode!r}, but VOC has '
                'numbers with a palette (mode "P"); take the file from the '
                'original archive'
            )
        return np.asarray(picture)


def read_objects(path: str) -> list[dict]:
    """Read the objects of a VOC annotation.

    VOC counts pixels from 1 and both corners belong to the box, so
    (xmin, ymin) = (xmax, ymax) is one pixel.

    Args:
        path (str): Path of the XML file.

    Returns:
        list[dict]: Objects in the order of the file, each with
        ``category_id`` (1 to 20), ``difficult`` (0 or 1) and ``bbox``, which
        is x, y, width, height in pixels, or None if there is no box.

    Raises:
        OSError: If the file can't be read.
        ValueError: If the file is no XML, or a class is not one of VOC's 20.
    """
    try:
        root = ElementTree.parse(path).getroot()
    except ElementTree.ParseError as error:
        raise ValueError(f'{path} is not valid XML: {error}') from error
    objects = []
    # findall skips nested elements, such as the parts of people, which have
    # their own boxes.
    for item in root.findall('object'):
        name = item.findtext('name', '').strip()
        if name not in CLASSES:
            raise ValueError(
                f"{path}: the class {name!r} of an object is not one of VOC's 20"
            )
        corners, box = item.find('bndbox'), None
        if corners is not None:
            x0, y0, x1, y1 = (
                float(corners.findtext(key)) for key in ('xmin', 'ymin', 'xmax', 'ymax')
            )
            box = [x0 - 1, y0 - 1, x1 - x0 + 1, y1 - y0 + 1]
        objects.append(
            dict(
                category_id=1 + CLASSES.index(name),
                difficult=int(item.findtext('difficult', '0')),
                bbox=box,
            )
        )
    return objects


def encode(mask: np.ndarray) -> dict:
    """Encode a mask as COCO's compressed RLE.

    Args:
        mask (np.ndarray): Mask, (H, W) bool.

    Returns:
        dict: ``size`` [height, width] and ``counts`` (str).
    """
    rle = coco_mask.encode(np.asfortranarray(mask, dtype=np.uint8))
    return dict(size=list(mask.shape), counts=rle['counts'].decode('ascii'))


def clip(box: list[float], height: int, width: int) -> list[float]:
    """Clip a box to its image.

    Args:
        box (list[float]): Box as x, y, width, height in pixels.
        height (int): Height of the image in pixels.
        width (int): Width of the image in pixels.

    Returns:
        list[float]: Clipped box as x, y, width, height in pixels.

    Example:
        >>> clip([-5, 10, 20, 20], height=25, width=100)
        [0, 10, 15, 15]
    """
    x, y, w, h = box
    x0, x1 = max(x, 0), min(x + w, width)
    y0, y1 = max(y, 0), min(y + h, height)
    return [x0, y0, x1 - x0, y1 - y0]


def image_entry(voc_root: str, name: str, shape: tuple[int, int], source: str) -> dict:
    """Make the entry of an image in COCO's ``images``.

    Args:
        voc_root (str): Path of the folder ``VOC2012``.
        name (str): Name of the image, such as ``2007_000032``.
        shape (tuple[int, int]): Height and width of its masks in pixels.
        source (str): Source of the masks, ``'voc'`` or ``'sbd'``.

    Returns:
        dict: ``id``, ``file_name``, ``width``, ``height`` and ``source``.

    Raises:
        OSError: If the photo can't be read.
        ValueError: If the photo and its masks differ in size, or the name
            does not consist of digits.
    """
    path = osp.join(voc_root, 'JPEGImages', f'{name}.jpg')
    with Image.open(path) as photo:
        width, height = photo.size
    if (height, width) != tuple(shape):
        raise ValueError(
            f'{path} is {width} x {height} pixels, but the masks '
            f'of {source} are {shape[1]} x {shape[0]}'
        )
    digits = name.replace('_', '')
    if not digits.isdigit():
        raise ValueError(
            f'{path}: the name of a photo of VOC must be a year, an underscore '
            'and a number, such as 2007_000032, which give the image its id'
        )
    return dict(
        id=int(digits),
        file_name=f'{name}.jpg',
        width=width,
        height=height,
        source=source,
    )


def annotation(
    image: dict, mask: np.ndarray, category_id: int, box: list[float] | None, **kwargs
) -> dict:
    """Make the COCO annotation of an instance, without ``id``.

    Args:
        image (dict): Entry of the image, see :func:`image_entry`.
        mask (np.ndarray): Mask with at least one pixel, (H, W) bool.
        category_id (int): Id of the category, 1 to 20.
        box (list[float] | None): Box as x, y, width, height in pixels; None
            for the tight box of the mask.
        **kwargs (Any): Further keys of the annotation.

    Returns:
        dict: The annotation.
    """
    rle = encode(mask)
    if box is None:
        box = coco_mask.toBbox(rle).tolist()
    return dict(
        image_id=image['id'],
        category_id=category_id,
        bbox=clip(box, image['height'], image['width']),
        area=int(np.count_nonzero(mask)),
        segmentation=rle,
        iscrowd=0,
        **kwargs,
    )


def voc_instances(voc_root: str, name: str, odd: Counter) -> tuple[dict, list[dict]]:
    """Read the instances of an image of VOC's segmentation set.

    Pixels with the value n in ``SegmentationObject`` are the mask of the n-th
    object of the XML. A mask without an object gets its class from
    ``SegmentationClass`` and its tight box. An object without a mask is
    skipped.

    Args:
        voc_root (str): Path of the folder ``VOC2012``.
        name (str): Name of the image, such as ``2007_000032``.
        odd (Counter): Counter of contradictions, to which those of this image
            are added.

    Returns:
        tuple[dict, list[dict]]: Entry of the image, with an RLE of its void
        pixels as ``void`` if there are any; and its annotations, with
        ``difficult``, in the order of the XML.

    Raises:
        OSError: If a file can't be read.
        ValueError: If a mask has neither an object nor a class, or a file is
            not valid.
    """
    path = osp.join(voc_root, 'SegmentationObject', f'{name}.png')
    numbers = read_ids(path)
    classes = read_ids(osp.join(voc_root, 'SegmentationClass', f'{name}.png'))
    objects = read_objects(osp.join(voc_root, 'Annotations', f'{name}.xml'))
    image = image_entry(voc_root, name, numbers.shape, 'voc')
    anns = []
    found = [int(number) for number in np.unique(numbers)]
    for number in found:
        if number in (0, VOID):
            continue
        mask = numbers == number
        votes = np.bincount(classes[mask], minlength=VOID + 1)
        painted = int(votes[1:VOID].argmax() + 1) if votes[1:VOID].any() else 0
        if number <= len(objects):
            item = objects[number - 1]
            odd['masks of another class than the object'] += (
                painted != item['category_id']
            )
            odd['objects without a box'] += item['bbox'] is None
        else:
            odd['masks without an object'] += 1
            item = dict(category_id=painted, difficult=0, bbox=None)
        if not 1 <= item['category_id'] <= len(CLASSES):
            raise ValueError(
                f'{path}: number {number} has no object in the XML, which '
                f'has {len(objects)}, and no class in SegmentationClass'
            )
        anns.append(
            annotation(
                image,
                mask,
                item['category_id'],
                item['bbox'],
                difficult=item['difficult'],
            )
        )
    odd['objects without a mask'] += sum(
        number not in found for number in range(1, 1 + len(objects))
    )
    if VOID in found:
        image['void'] = encode(numbers == VOID)
    return image, anns


def sbd_instances(
    voc_root: str, sbd_root: str, name: str, odd: Counter
) -> tuple[dict, list[dict]]:
    """Read the instances of an image of SBD, with tight boxes.

    Args:
        voc_root (str): Path of the folder ``VOC2012``, which has the photo.
        sbd_root (str): Path of the folder ``dataset`` of SBD.
        name (str): Name of the image, such as ``2008_000002``.
        odd (Counter): Counter of contradictions, to which those of this image
            are added.

    Returns:
        tuple[dict, list[dict]]: Entry of the image, and its annotations.

    Raises:
        ImportError: If SciPy is not installed.
        OSError: If a file can't be read.
        ValueError: If the file has no ``GTinst``, or a class is not one of
            VOC's 20.
    """
    path = osp.join(sbd_root, 'inst', f'{name}.mat')
    content = import_loadmat()(
        path, variable_names=['GTinst'], squeeze_me=True, struct_as_record=False
    )
    if 'GTinst' not in content:
        raise ValueError(
            f'{path} has no GTinst; take the file from the folder inst of SBD, '
            'which has instances, not from cls'
        )
    numbers = np.atleast_2d(content['GTinst'].Segmentation)
    categories = np.atleast_1d(content['GTinst'].Categories).astype(int)
    image = image_entry(voc_root, name, (numbers.shape[0], numbers.shape[1]), 'sbd')
    anns = []
    found = [int(number) for number in np.unique(numbers)]
    for number in found:
        if number in (0, VOID):
            continue
        if number > len(categories):
            odd['masks without a class'] += 1
            continue
        category_id = int(categories[number - 1])
        if not 1 <= category_id <= len(CLASSES):
            raise ValueError(
                f'{path}: instance {number} has the class {category_id}, which '
                "is not one of VOC's 20"
            )
        anns.append(annotation(image, numbers == number, category_id, None))
    odd['classes without a mask'] += sum(
        number not in found for number in range(1, 1 + len(categories))
    )
    return image, anns
