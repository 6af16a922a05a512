"""Merging, scoring and encoding the masks of a photo."""

from dataclasses import dataclass

import cv2
import numpy as np
from pycocotools import mask as coco_mask

from mmboxcaseg.annotations import read_masks
from mmboxcaseg.masks import RLE, decode_rle, encode_rles, pixel_rects, proxy_rles

from .inputs import Inputs
from .measure import Row, compare, in_turn

SAMPLE = 200


@dataclass(frozen=True)
class Instances:
    """The N masks of a photo.

    Attributes:
        height (int): Height of the photo in pixels.
        width (int): Width of the photo in pixels.
        boxes (np.ndarray): (N, 4) float, boxes as xyxy in pixels.
        rects (np.ndarray): (N, 4) int, pixel rectangles of the boxes.
        masks (list[np.ndarray]): N bool arrays of these rectangles.
        rles (list[dict]): The masks as N RLEs of the photo, which the
            authors' release reads.
    """

    height: int
    width: int
    boxes: np.ndarray
    rects: np.ndarray
    masks: list[np.ndarray]
    rles: list[RLE]


def read_instances(ann_file: str) -> list[Instances]:
    """Read the true masks of the first photos of a COCO json.

    Each mask is grown by a few pixels, so that masks overlap as predicted ones
    do.
    """
    masks = read_masks(ann_file)
    boxes = masks.boxes
    found = []
    for image in boxes.wanted[:SAMPLE].tolist():
        places = boxes.usable_places(image)
        height, width = boxes.sizes[image].tolist()
        rects = pixel_rects(boxes.boxes[places], height, width)
        grown = []
        for place, (x0, y0, x1, y1) in zip(places.tolist(), rects):
            mask = cv2.dilate(
                decode_rle(masks.rle(place)).astype(np.uint8), np.ones((9, 9), np.uint8)
            )
            grown.append(mask[y0:y1, x0:x1].astype(bool, order='C'))
        found.append(
            Instances(
                height,
                width,
                boxes.boxes[places],
                rects,
                grown,
                encode_rles(grown, rects, height, width),
            )
        )
    return found


def plain_masks(photo: Instances) -> tuple[list[str], list[float]]:
    """Merge, score and encode masks as the authors' release does.

    Masks are decoded from RLE and painted over each other, the smallest box
    last. Each mask makes a new float array of the photo's size.
    """
    limits = [photo.width, photo.height] * 2
    boxes = [np.clip(box, 0, limits) for box in photo.boxes]
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in boxes]
    owners = np.zeros((photo.height, photo.width))
    for _, index in sorted(zip(areas, range(len(areas))), reverse=True):
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
                min(y1, box[3]) - max(y0, box[1]), 0
            )
            score = overlap / ((x1 - x0) * (y1 - y0) + area - overlap)
        scores.append(score)
        rle = coco_mask.encode(np.asfortranarray(canvas))
        rles.append(rle['counts'].decode())
    return rles, scores


def our_masks(photo: Instances) -> tuple[list[str], np.ndarray]:
    """Merge, score and encode masks with the package."""
    rles, scores = proxy_rles(
        photo.masks, photo.rects, photo.boxes, photo.height, photo.width
    )
    return [rle['counts'] for rle in rles], scores


def rows(inputs: Inputs) -> list[Row]:
    """Measure a photo; raises ValueError if both ways give different masks."""
    sample = read_instances(inputs.ann_file)
    for photo in sample:
        plain, ours = plain_masks(photo), our_masks(photo)
        if plain[0] != ours[0] or not np.allclose(plain[1], ours[1]):
            raise ValueError(
                f'{inputs.ann_file}: the plain way and ours give '
                f'different masks of boxes {photo.boxes}'
            )
    ms = in_turn(
        dict(
            plain=lambda: [plain_masks(photo) for photo in sample],
            ours=lambda: [our_masks(photo) for photo in sample],
        )
    )
    count = sum(len(photo.masks) for photo in sample) / len(sample)
    what = f'merge, agreement and RLE, a photo of {count:.1f} instances'
    return compare(ms, [(what, 'ours', 'plain')], len(sample))
