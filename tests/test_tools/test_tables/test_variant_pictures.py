"""The sheet of a few instances in every variant."""

import json

import cv2
import numpy as np

from mmboxcaseg.annotations import read_coco
from tools.benchmarks.tables import variant_pictures


def write_coco(path, shift=0):
    """Two photos of 80 x 60 pixels with three boxes that can be shown."""
    boxes = [
        (1, 1, [5, 5, 40, 40]),
        (1, 2, [30, 10, 45, 50]),
        (2, 1, [0, 0, 50, 50]),
        (2, 2, [0, 0, 31, 60]),
        (2, 3, [10, 10, 40, 40]),
    ]
    anns = []
    for number, (image, category, box) in enumerate(boxes, 1):
        x, y, w, h = box
        x += shift
        anns.append(
            dict(
                id=number,
                image_id=image,
                category_id=category,
                bbox=box,
                area=w * h,
                iscrowd=int(category == 3),
                segmentation=[[x, y, x + w, y, x + w, y + h, x, y + h]],
            )
        )
    path.write_text(
        json.dumps(
            dict(
                images=[
                    dict(id=n, file_name=f'{n}.png', width=80, height=60)
                    for n in (1, 2)
                ],
                categories=[
                    dict(id=n, name=name)
                    for n, name in enumerate(('cat', 'dog', 'crowd'), 1)
                ],
                annotations=anns,
            )
        )
    )
    return str(path)


def test_one_instance_a_class_none_small_no_crowd(tmp_path):
    boxes = read_coco(write_coco(tmp_path / 'truth.json'))
    seen = {tuple(variant_pictures.choose(boxes, seed)) for seed in range(20)}
    # The fourth is too narrow, the fifth a crowd.
    assert {frozenset(places) for places in seen} == {
        frozenset({0, 1}),
        frozenset({1, 2}),
    }


def test_every_second_instance_is_covered(tmp_path):
    """On a photo the cat's box shares 15 x 35 of 40 x 40 pixels with the dog's, a
    third; alone on another photo is a bird."""
    path = write_coco(tmp_path / 'truth.json')
    content = json.loads((tmp_path / 'truth.json').read_text())
    content['annotations'] = content['annotations'][:2]
    content['categories'].append(dict(id=4, name='bird'))
    content['annotations'].append(
        dict(content['annotations'][0], id=9, image_id=2, category_id=4)
    )
    (tmp_path / 'truth.json').write_text(json.dumps(content))
    boxes = read_coco(path)
    for seed in range(5):
        places = variant_pictures.choose(boxes, seed, half_covered=True)
        assert places[0] == 2 and set(places[1:]) == {0, 1}


def test_a_row_an_instance_a_column_a_variant(tmp_path):
    for number in (1, 2):
        photo = np.full((60, 80, 3), 60 * number, np.uint8)
        cv2.imwrite(str(tmp_path / f'{number}.png'), photo)
    truth = write_coco(tmp_path / 'truth.json')
    moved = write_coco(tmp_path / 'moved.json', shift=8)
    widths = []
    for files in (dict(paper=moved), dict(paper=moved, ema=truth, box=truth)):
        out = tmp_path / 'sheet.png'
        variant_pictures.draw(files, truth, str(tmp_path), 0, str(out))
        height, width, _ = cv2.imread(str(out)).shape
        widths.append(width)
        assert height > 2 * 100
    # The box has a column already, another variant gets one.
    assert widths[1] > widths[0]
