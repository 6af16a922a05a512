"""Reading the boxes of a COCO json, for training patches and prompts."""
import json
import os.path as osp
from collections import defaultdict
from typing import Iterator

import numpy as np
from mmengine.logging import print_log

from mmboxcaseg.proxy_masks import usable_boxes


def read_coco(ann_file: str) -> dict:
    """Read a COCO json and check that its three tables are there.

    Args:
        ann_file (str): Path of the file.

    Returns:
        dict: Its content.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no JSON, or a table is missing.
    """
    if not osp.isfile(ann_file):
        raise FileNotFoundError(
            f'{ann_file}: no such annotation file; give the path of a COCO '
            'json in ann_file (with data_root, if that is set)')
    with open(ann_file, encoding='utf-8') as file:
        try:
            coco = json.load(file)
        except json.JSONDecodeError as error:
            raise ValueError(f'{ann_file}: no valid JSON ({error})') from error
    for table in ('images', 'annotations', 'categories'):
        if not isinstance(coco, dict) or not isinstance(
                coco.get(table), list):
            raise ValueError(
                f"{ann_file}: the key '{table}' must be a list; a COCO json "
                "has 'images', 'annotations' and 'categories'")
    return coco


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

    Raises:
        ValueError: If an annotation lacks ``bbox`` or its image is unknown.
    """
    by_image = defaultdict(list)
    for ann in coco['annotations']:
        if ann.get('iscrowd', 0):
            continue
        if len(ann.get('bbox') or ()) != 4:
            raise ValueError(
                f"{ann_file}: annotation {ann.get('id')}: 'bbox' must be "
                f"[x, y, width, height], but is {ann.get('bbox')!r}")
        by_image[ann['image_id']].append(ann)
    unknown = set(by_image) - {image['id'] for image in coco['images']}
    if unknown:
        raise ValueError(f"{ann_file}: annotations name image_id "
                         f"{sorted(unknown)[:5]}, which 'images' lacks")
    unusable = 0
    for image in coco['images']:
        anns = by_image.pop(image['id'], [])
        boxes = np.array([ann['bbox'] for ann in anns],
                         dtype=np.float64).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        usable = usable_boxes(boxes, image['height'], image['width'])
        unusable += int((~usable).sum())
        yield (image, [ann for ann, good in zip(anns, usable) if good],
               boxes[usable])
    if unusable:
        print_log(
            f'{ann_file}: left out {unusable} boxes that are empty, not '
            'numbers or outside their image',
            logger='current',
            level=30)
