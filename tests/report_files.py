"""A small proxy-mask file with its photos and true masks."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmboxcaseg.masks import encode_rle

WIDTH, HEIGHT = 90, 60
# A name that would be a tag, if it were not escaped.
NAMES = {3: '<b>cat</b>', 7: 'dog', 9: 'rare'}


def write_report_files(root: Path, with_confidence: bool = False) -> list[dict]:
    """Photos in ``root/img``, ``masks.json`` and ``true.json``.

    Six photos with five masks each, the first rows of their boxes; agreement
    is their share of the box. The true mask is one row higher than the proxy
    mask. One annotation more is a crowd. Confidence goes through 30 values in
    an order of its own.

    Args:
        root (Path): Folder to write to.
        with_confidence (bool): Whether the masks have a confidence.

    Returns:
        list[dict]: The 30 annotations with masks.
    """
    rng = np.random.default_rng(0)
    (root / 'img').mkdir()
    images, anns, truth = [], [], []
    for image_id in range(1, 7):
        cv2.imwrite(
            str(root / 'img' / f'{image_id}.png'),
            rng.integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8),
        )
        images.append(
            dict(id=image_id, file_name=f'{image_id}.png', height=HEIGHT, width=WIDTH)
        )
        for place in range(5):
            number = len(anns)
            side = 20 if place < 4 else 10
            x, y = 16 * place, 5 * image_id
            rows = side - number % side * 3 // 5
            ann = dict(
                id=100 + number,
                image_id=image_id,
                category_id=9 if number == 17 else (3, 3, 7)[number % 3],
                iscrowd=0,
                bbox=[x, y, side, side],
                proxy_agreement=rows / side,
            )
            if with_confidence:
                ann['proxy_confidence'] = number * 7 % 30 / 29
            anns.append(dict(ann, segmentation=rows_rle(x, y, side, rows)))
            truth.append(
                dict(ann, segmentation=rows_rle(x, y, side, min(rows + 1, side)))
            )
    crowd = dict(anns[0], id=1, iscrowd=1, segmentation=rows_rle(0, 0, 10, 10))
    for key in ('proxy_agreement', 'proxy_confidence'):
        crowd.pop(key, None)
    categories = [dict(id=key, name=name) for key, name in NAMES.items()]
    info = dict(proxy_masks=dict(merge=True, package_version='1.2.3'))
    for name, of_file in (('masks', anns), ('true', truth)):
        (root / f'{name}.json').write_text(
            json.dumps(
                dict(
                    images=images,
                    annotations=[crowd, *of_file],
                    categories=categories,
                    info=info,
                )
            )
        )
    return anns


def leave_out_charts(patch: pytest.MonkeyPatch) -> None:
    """Let reports have no charts, which take most of the time to make."""
    patch.setattr('mmboxcaseg.report.write.write_charts', lambda *args: [])


def rows_rle(x: int, y: int, side: int, rows: int) -> dict:
    """The first rows of a square box as RLE."""
    return encode_rle(
        np.ones((rows, side), bool), (x, y, x + side, y + rows), HEIGHT, WIDTH
    )
