"""Reading the boxes of a COCO json, for training patches and prompts."""
import os.path as osp
from collections import defaultdict
from typing import Iterator

import numpy as np
from mmengine.logging import print_log

from mmboxcaseg.proxy_masks import (BadInputError, is_crowd, load_coco,
                                    usable_boxes)


def read_coco(ann_file: str, with_masks: bool = True) -> dict:
    """Read a COCO json and check it.

    Args:
        ann_file (str): Path of the file.
        with_masks (bool): Whether annotations keep their ``segmentation``.
            Defaults to True.

    Returns:
        dict: Its content.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no COCO json; see
            :func:`mmboxcaseg.proxy_masks.load_coco`.
    """
    if not osp.isfile(ann_file):
        raise FileNotFoundError(
            f'{ann_file}: no such annotation file; give the path of a COCO '
            'json in ann_file (with data_root, if that is set)')
    return load_coco(ann_file, with_masks)


def check_photo_size(results: dict) -> None:
    """Raise an error unless the photo has the size its annotation says.

    The photo's own size is that after it has been turned as its EXIF
    orientation says, which OpenCV does for JPEG, PNG and TIFF.

    Args:
        results (dict): Item of a pipeline with ``img``; ``height`` and
            ``width`` are compared with it where they are there.

    Raises:
        BadInputError: If the sizes differ.
    """
    height, width = results['img'].shape[:2]
    announced = results.get('height', height), results.get('width', width)
    if announced != (height, width):
        raise BadInputError(
            f"{results.get('img_path')}: the photo is {width} x {height} "
            f'pixels, its annotation says {announced[1]} x {announced[0]}; '
            'correct the annotation file')


def get_segmentation(ann: dict, ann_file: str) -> object:
    """The mask of an annotation as it stands in the json.

    Args:
        ann (dict): Annotation of a COCO json.
        ann_file (str): Its path, for the message.

    Returns:
        list | dict: Polygons or RLE.

    Raises:
        ValueError: If there is none.
    """
    if not ann.get('segmentation'):
        raise ValueError(
            f"{ann_file}: annotation {ann['id']}: 'segmentation' is missing, "
            'but with_mask asks for masks; set with_mask=False or give a file '
            'that has them')
    return ann['segmentation']


def iter_boxes(coco: dict,
               ann_file: str) -> Iterator[tuple[dict, list, np.ndarray]]:
    """Every image with its annotations that are no crowds and have a box.

    Annotations whose box can't be cropped (not a number, without area,
    wholly outside the image) are left out, and their number is logged.

    Args:
        coco (dict): What :func:`read_coco` returned.
        ann_file (str): Name for messages.

    Yields:
        tuple[dict, list[dict], np.ndarray]: The image, its annotations (may
        be none), and their boxes xyxy, float64 of shape (N, 4), in pixels
        and not clipped.
    """
    sizes = {
        image['id']: (image['height'], image['width'])
        for image in coco['images']
    }
    anns = [ann for ann in coco['annotations'] if not is_crowd(ann)]
    boxes = np.array([ann['bbox'] for ann in anns],
                     dtype=np.float64).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    # All at once: image by image it takes longer than reading the file.
    heights, widths = np.array([sizes[ann['image_id']] for ann in anns],
                               dtype=np.int64).reshape(-1, 2).T
    usable = usable_boxes(boxes, heights, widths)
    by_image = defaultdict(list)
    for index in np.flatnonzero(usable).tolist():
        by_image[anns[index]['image_id']].append(index)
    for image in coco['images']:
        kept = by_image.pop(image['id'], [])
        yield image, [anns[index] for index in kept], boxes[kept]
    unusable = len(usable) - int(usable.sum())
    if unusable:
        print_log(
            f'{ann_file}: left out {unusable} boxes that are empty, not '
            'numbers or outside their image',
            logger='current',
            level=30)
