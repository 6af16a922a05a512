"""Photos to measure on: real ones, or generated where there are none."""
import contextlib
import json
import os
import os.path as osp
import tempfile
from dataclasses import dataclass
from typing import Iterator

import cv2
import numpy as np


@dataclass
class Photos:
    """Where the photos of a run are.

    Attributes:
        ann_file (str): COCO json with masks.
        img_dir (str): Folder of its photos.
        salient_dir (str): Folder of salient photos.
        mask_dir (str): Folder of their masks.
        description (str): What they are.
    """
    ann_file: str
    img_dir: str
    salient_dir: str
    mask_dir: str
    description: str


@contextlib.contextmanager
def find_photos(data: str) -> Iterator[Photos]:
    """The photos in a folder, or generated ones for as long as it lasts.

    Args:
        data (str): Folder with ``coco_mini`` and ``duts_tr_mini``, as
            ``tools/dataset_converters/prepare_mini.py`` writes it.

    Yields:
        Photos: Where they are.
    """
    coco, duts = osp.join(data, 'coco_mini'), osp.join(data, 'duts_tr_mini')
    if osp.isdir(coco) and osp.isdir(duts):
        yield Photos(
            osp.join(coco, 'annotations', 'instances_train2017.json'),
            osp.join(coco, 'train2017'), osp.join(duts, 'DUTS-TR-Image'),
            osp.join(duts, 'DUTS-TR-Mask'), 'COCO 2017 and DUTS-TR')
        return
    with tempfile.TemporaryDirectory() as folder:
        yield generate(folder)


def generate(folder: str, count: int = 100, objects: int = 8) -> Photos:
    """Textured pictures with ellipses, of the sizes of COCO and DUTS.

    Args:
        folder (str): Folder to write to.
        count (int): Number of each of the two. Defaults to 100.
        objects (int): Ellipses in a photo. Defaults to 8.

    Returns:
        Photos: Where they are.
    """
    rng = np.random.default_rng(0)
    for name in ('photos', 'salient', 'masks'):
        os.makedirs(osp.join(folder, name))
    images, anns = [], []
    for image_id in range(1, count + 1):
        photo = _texture(rng, 480, 640)
        for _ in range(objects):
            half = rng.integers(8, 90, 2)
            x, y = (int(v) for v in rng.integers(half, [640, 480] - half))
            points = cv2.ellipse2Poly((x, y), tuple(half.tolist()), 0, 0, 360,
                                      8)
            cv2.fillPoly(photo, [points], rng.integers(0, 256, 3).tolist())
            low, high = points.min(axis=0), points.max(axis=0)
            anns.append(
                dict(
                    id=len(anns) + 1,
                    image_id=image_id,
                    category_id=1,
                    iscrowd=0,
                    bbox=[*low.tolist(), *(high - low).tolist()],
                    area=float(cv2.contourArea(points)),
                    segmentation=[points.ravel().tolist()]))
        name = f'{image_id}.jpg'
        cv2.imwrite(osp.join(folder, 'photos', name), photo)
        images.append(dict(id=image_id, file_name=name, height=480, width=640))
        mask = np.zeros((300, 400), np.uint8)
        cv2.ellipse(mask, (200, 150), (90, 70), 0, 0, 360, 255, -1)
        salient = _texture(rng, 300, 400)
        salient[mask > 0] //= 2
        cv2.imwrite(osp.join(folder, 'salient', name), salient)
        cv2.imwrite(osp.join(folder, 'masks', f'{image_id}.png'), mask)
    ann_file = osp.join(folder, 'boxes.json')
    with open(ann_file, 'w', encoding='utf-8') as file:
        json.dump(
            dict(
                images=images,
                annotations=anns,
                categories=[dict(id=1, name='ellipse')]), file)
    return Photos(
        ann_file,
        *(osp.join(folder, name) for name in ('photos', 'salient', 'masks')),
        'generated pictures')


def _texture(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Coarse and fine noise, uint8 (height, width, 3)."""
    coarse = rng.integers(0, 256, (6, 8, 3)).astype(np.uint8)
    coarse = cv2.resize(coarse, (width, height)).astype(np.int16)
    fine = rng.integers(-25, 26, (height, width, 3), dtype=np.int16)
    return np.clip(coarse + fine, 0, 255).astype(np.uint8)
