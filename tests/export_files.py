"""A file of masks that are hard to export, and its photos."""

import json
from pathlib import Path

import cv2
import numpy as np

from mmboxcaseg.annotations import read_masks
from mmboxcaseg.annotations.writers import ExportOptions, write_masks
from mmboxcaseg.masks import encode_rle

SIZES = {1: (60, 90), 2: (47, 33)}
NAMES = {0: 'cat', 4: 'dög "x"'}


def hard_masks() -> list[tuple[int, np.ndarray]]:
    """Image ids and masks: an L, two parts, holes, a pixel, the border."""
    masks = []
    for image in (1, 1, 1, 1, 2, 2):
        masks.append((image, np.zeros(SIZES[image], bool)))
    one = [mask for _, mask in masks]
    one[0][5:20, 4:8] = one[0][16:20, 4:24] = True
    # Two parts, the gap of 6 columns; and a corner that touches.
    one[1][30:40, 10:20] = one[1][30:40, 26:40] = one[1][40:44, 40:44] = True
    # A hole of 12 pixels and one of 1.
    one[2][2:20, 40:70] = True
    one[2][5:8, 45:49] = one[2][12, 60] = False
    one[3][50, 60] = True
    one[4][:, :9] = True
    cv2.circle(drawn := np.zeros(SIZES[2], np.uint8), (26, 24), 9, 1, -1)
    one[5][:] = drawn.astype(bool)
    return masks


def write_hard_masks(root: Path, change=lambda data: None) -> Path:
    """``masks.json`` and ``photos/``; a crowd, and a box without a mask.

    Args:
        root (Path): Folder to write to.
        change (Callable[[dict], None]): Changes the content of the json.

    Returns:
        Path: The json.
    """
    (root / 'photos').mkdir()
    images, anns = [], []
    for image, (height, width) in SIZES.items():
        cv2.imwrite(
            str(root / 'photos' / f'{image}.png'),
            np.full((height, width, 3), 40 * image, np.uint8),
        )
        images.append(
            dict(id=image, file_name=f'{image}.png', height=height, width=width)
        )
    for number, (image, mask) in enumerate(hard_masks()):
        rows, columns = np.nonzero(mask)
        x, y = int(columns.min()), int(rows.min())
        box = [x, y, int(columns.max()) + 1 - x, int(rows.max()) + 1 - y]
        rle = encode_rle(mask, (0, 0, *mask.shape[::-1]), *mask.shape)
        anns.append(
            dict(
                id=10 + number,
                image_id=image,
                category_id=4 * (number % 2),
                iscrowd=0,
                bbox=box,
                area=int(mask.sum()),
                segmentation=rle,
                proxy_agreement=0.5 + number / 20,
                proxy_confidence=0.9 - number / 10,
            )
        )
    nothing = np.zeros((0, 0), bool)
    anns.append(
        dict(
            anns[0],
            id=90,
            bbox=[80, 50, 5, 6],
            area=0,
            segmentation=encode_rle(nothing, (0, 0, 0, 0), *SIZES[1]),
            proxy_agreement=0,
            proxy_confidence=0,
            proxy_skipped='a reason',
        )
    )
    crowd = np.ones((5, 5), bool)
    anns.append(
        dict(
            id=91,
            image_id=2,
            category_id=4,
            iscrowd=1,
            area=25,
            bbox=[20, 40, 5, 5],
            segmentation=encode_rle(crowd, (20, 40, 25, 45), *SIZES[2]),
        )
    )
    categories = [dict(id=key, name=name) for key, name in NAMES.items()]
    data = dict(images=images, annotations=anns, categories=categories)
    change(data)
    path = root / 'masks.json'
    path.write_text(json.dumps(data))
    return path


def export(path: Path, out: Path, img_dir=None, **options):
    """The report of an export."""
    return write_masks(
        read_masks(str(path)),
        str(out),
        ExportOptions(**options),
        img_dir and str(img_dir),
    )


def iou(one: np.ndarray, other: np.ndarray) -> float:
    return (one & other).sum() / (one | other).sum()
