"""A file of masks and one of true masks whose IoUs are known."""

import json

import numpy as np
from pycocotools import mask as mask_utils

SIZE = (40, 50)


def rle(x0, y0, x1, y1, size=SIZE):
    mask = np.zeros(size, np.uint8, order='F')
    mask[y0:y1, x0:x1] = 1
    code = mask_utils.encode(mask)
    return dict(size=list(size), counts=code['counts'].decode())


def polygon(x0, y0, x1, y1):
    return [[x0, y0, x1, y0, x1, y1, x0, y1]]


def annotation(ann_id, category, bbox, segmentation, **more):
    return dict(
        id=ann_id,
        image_id=1,
        category_id=category,
        bbox=bbox,
        segmentation=segmentation,
        iscrowd=0,
        **more,
    )


def make_files(tmp_path, change=lambda masks, truth: None):
    """Five objects whose IoUs are 1, 0.5, 0.3, 0 and 0.6 (worked out by
    hand), and those of their boxes 1, 0.5, 0.5, 0.25 and 1."""
    images = [dict(id=1, file_name='a.jpg', height=40, width=50)]
    categories = [dict(id=3, name='cat'), dict(id=9, name='dog')]
    truth = [
        annotation(1, 3, [0, 0, 10, 10], rle(0, 0, 10, 10)),
        # 10.4 rounds to 10 and 19.6 to 20.
        annotation(2, 3, [10.4, 0, 9.2, 10], polygon(10, 0, 20, 5)),
        annotation(3, 3, [20, 0, 10, 10], rle(20, 0, 30, 5)),
        annotation(4, 9, [0, 20, 10, 10], rle(0, 20, 5, 25)),
        annotation(5, 9, [20, 20, 10, 10], rle(20, 20, 30, 30)),
        annotation(6, 9, [0, 0, 50, 40], rle(0, 0, 50, 40)),
        annotation(7, 9, [60, 0, 5, 5], rle(0, 0, 1, 1)),
    ]
    truth[5]['iscrowd'] = 1
    masks = [
        annotation(1, 3, [0, 0, 10, 10], rle(0, 0, 10, 10)),
        annotation(2, 3, [10.4, 0, 9.2, 10], rle(10, 0, 20, 10)),
        # 15 of 50.
        annotation(3, 3, [20, 0, 10, 10], rle(20, 0, 23, 5)),
        annotation(4, 9, [0, 20, 10, 10], rle(5, 25, 10, 30)),
        annotation(5, 9, [20, 20, 10, 10], rle(20, 20, 26, 30)),
        annotation(7, 9, [60, 0, 5, 5], rle(0, 0, 0, 0)),
    ]
    for ann, score in zip(masks, (0.9, 0.95, 0.3, 0.1, 0.8, 0)):
        ann['proxy_agreement'] = score
    # Another order, so that places don't do for ids.
    masks.reverse()
    change(masks, truth)
    paths = []
    for name, anns in (('masks.json', masks), ('true.json', truth)):
        path = tmp_path / name
        path.write_text(
            json.dumps(dict(images=images, annotations=anns, categories=categories))
        )
        paths.append(str(path))
    return paths
