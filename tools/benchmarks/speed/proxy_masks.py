"""Merging, agreement and RLE of an image's masks."""
from dataclasses import dataclass
from typing import List

import numpy as np
from coco_scale import IMAGES, make_masks
from measure import Row, in_turn, limit, speedup
from photos import Photos
from pycocotools import mask as coco_mask

from mmboxcaseg import proxy_masks

SAMPLE = 200


@dataclass
class Instances:
    """The masks of a photo.

    Attributes:
        height (int): Of the photo, in pixels.
        width (int): Likewise.
        boxes (np.ndarray): (N, 4) float xyxy.
        rects (np.ndarray): (N, 4) int, their pixel rectangles.
        masks (list[np.ndarray]): N bool arrays of these rectangles.
        rles (list[dict]): N RLEs of the photo, which the release reads.
    """
    height: int
    width: int
    boxes: np.ndarray
    rects: np.ndarray
    masks: List[np.ndarray]
    rles: List[dict]


def read_instances(ann_file: str, most: int = SAMPLE) -> List[Instances]:
    """The annotated masks of the first photos of a COCO json.

    Each mask is grown by a few pixels, so that neighbours overlap as
    predicted masks do.

    Args:
        ann_file (str): COCO json with masks.
        most (int): Number of photos. Defaults to 200.

    Returns:
        list[Instances]: Of the photos that have any.
    """
    import cv2
    coco = proxy_masks.load_coco(ann_file)
    of_image = {image['id']: [] for image in coco['images']}
    for ann in coco['annotations']:
        if not proxy_masks.is_crowd(ann):
            of_image[ann['image_id']].append(ann)
    found = []
    for image in coco['images']:
        height, width = image['height'], image['width']
        anns = of_image[image['id']]
        boxes = np.array([ann['bbox'] for ann in anns], float).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        usable = proxy_masks.usable_boxes(boxes, height, width)
        boxes = boxes[usable]
        if not len(boxes):
            continue
        rects = proxy_masks.pixel_rects(boxes, height, width)
        masks, rles = [], []
        for ann, (x0, y0, x1,
                  y1) in zip([ann for ann, good in zip(anns, usable) if good],
                             rects):
            rle = proxy_masks.to_rle(ann['segmentation'], height, width)
            grown = cv2.dilate(
                coco_mask.decode(rle), np.ones((9, 9), np.uint8))
            masks.append(
                np.ascontiguousarray(grown[y0:y1, x0:x1]).astype(bool))
            cut = np.zeros_like(grown, order='F')
            cut[y0:y1, x0:x1] = masks[-1]
            rles.append(coco_mask.encode(cut))
        found.append(Instances(height, width, boxes, rects, masks, rles))
        if len(found) == most:
            break
    return found


def plain_masks(photo: Instances) -> tuple:
    """Merge, agreement and RLE the release's way, on arrays of the photo.

    Masks come decoded from RLE, as they do there, and are painted over each
    other, the smallest box last. Each makes a new float array of the photo.
    """
    limits = [photo.width, photo.height] * 2
    boxes = [np.clip(box, 0, limits) for box in photo.boxes]
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in boxes]
    owners = np.zeros((photo.height, photo.width))
    for area, index in sorted(zip(areas, range(len(areas))), reverse=True):
        mask = coco_mask.decode(photo.rles[index])
        owners = np.where(mask == 1, index + 1, owners)
    scores, rles = [], []
    for index, (box, area) in enumerate(zip(boxes, areas)):
        canvas = np.where(owners == index + 1, 1, 0).astype(np.uint8)
        rows, columns = np.nonzero(canvas)
        score = 0.0
        if rows.size:
            x0, x1 = columns.min(), columns.max() + 1
            y0, y1 = rows.min(), rows.max() + 1
            overlap = max(min(x1, box[2]) - max(x0, box[0]), 0) * max(
                min(y1, box[3]) - max(y0, box[1]), 0)
            score = overlap / ((x1 - x0) * (y1 - y0) + area - overlap)
        scores.append(score)
        rle = coco_mask.encode(np.asfortranarray(canvas))
        rles.append(rle['counts'].decode())
    return rles, scores


def our_masks(photo: Instances) -> tuple:
    """The same by the package."""
    rles, scores = proxy_masks.proxy_rles(photo.masks, photo.rects,
                                          photo.boxes, photo.height,
                                          photo.width)
    return [rle['counts'] for rle in rles], scores


def rows(photos: Photos) -> List[Row]:
    """Item 4, masks; raises ValueError if the two sides differ."""
    sample = read_instances(photos.ann_file)
    for photo in sample:
        plain, ours = plain_masks(photo), our_masks(photo)
        if plain[0] != ours[0] or not np.allclose(plain[1], ours[1]):
            raise ValueError(f'{photos.ann_file}: the plain way and ours give '
                             f'different masks of boxes {photo.boxes}')
    taken = in_turn(
        dict(
            plain=lambda: [plain_masks(photo) for photo in sample],
            ours=lambda: [our_masks(photo) for photo in sample]))
    each = 1e3 / len(sample)
    count = sum(len(photo.masks) for photo in sample) / len(sample)
    coco = make_masks(photos.ann_file, IMAGES)
    return [
        speedup(f'merge, agreement and RLE, a photo of {count:.1f} instances',
                'ms', each * taken['plain'], each * taken['ours'], 50),
        limit(
            f'{coco["masks"]} masks of {IMAGES} photos merged, scored and '
            'written, one core', 's', coco['merging'] + coco['joining'], 600),
        limit('the same, peak memory', 'GB', coco['peak'] / 1e9, 2)
    ]
