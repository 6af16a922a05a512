"""The sheet of a few photos with the detections of every method."""

import json

import cv2
import numpy as np
from pycocotools import mask as coco_mask

from mmboxcaseg.annotations import read_coco, read_masks
from tools.benchmarks.tables import detection_pictures

SIZE = (100, 120)
# Boxes xywh by image; the second is too crowded, the third has a small one.
BOXES = {
    7: [[5, 5, 50, 60], [60, 20, 45, 70]],
    8: [[0, 0, 50, 50]] * 6,
    9: [[0, 0, 50, 50], [60, 60, 10, 30]],
    10: [[20, 10, 80, 80]],
}


def rle(x, y, w, h):
    mask = np.zeros(SIZE, np.uint8, order='F')
    mask[y : y + h, x : x + w] = 1
    encoded = coco_mask.encode(mask)
    return dict(size=encoded['size'], counts=encoded['counts'].decode())


def write_truth(folder):
    path = folder / 'truth.json'
    anns = [
        dict(
            id=10 * image + place,
            image_id=image,
            category_id=3 + place % 2,
            bbox=box,
            area=box[2] * box[3],
            iscrowd=0,
            segmentation=rle(*box),
        )
        for image, boxes in BOXES.items()
        for place, box in enumerate(boxes)
    ]
    images = [
        dict(id=i, file_name=f'{i}.png', height=SIZE[0], width=SIZE[1]) for i in BOXES
    ]
    categories = [dict(id=3, name='cat'), dict(id=4, name='dog')]
    path.write_text(
        json.dumps(dict(images=images, annotations=anns, categories=categories))
    )
    for image in BOXES:
        photo = np.full((*SIZE, 3), 90, np.uint8)
        cv2.imwrite(str(folder / f'{image}.png'), photo)
    return str(path)


def detection(image, box, category, score):
    return dict(
        image_id=image,
        bbox=box,
        category_id=category,
        score=score,
        segmentation=rle(*box),
    )


def test_photos_with_few_and_large_objects(tmp_path):
    boxes = read_coco(write_truth(tmp_path))
    assert {
        tuple(sorted(detection_pictures.choose(boxes, seed))) for seed in range(9)
    } == {(0, 3)}


def test_objects(tmp_path):
    truth = read_masks(write_truth(tmp_path))
    there = detection_pictures.true_objects(truth, 0)
    assert there.classes == ['cat', 'dog'] and there.scores is None
    assert there.boxes == [[5, 5, 55, 65], [60, 20, 105, 90]]
    assert [int(mask.sum()) for mask in there.masks] == [3000, 3150]
    found = detection_pictures.found_objects(
        [
            detection(7, [0, 0, 10, 20], 1, 0.4),
            detection(7, [1, 2, 30, 40], 0, 0.9),
            detection(7, [1, 2, 3, 4], 0, 0.29),
        ],
        ['cat', 'dog'],
    )
    assert found.scores == [0.9, 0.4] and found.classes == ['cat', 'dog']
    assert found.boxes == [[1, 2, 31, 42], [0, 0, 10, 20]]
    assert [int(mask.sum()) for mask in found.masks] == [1200, 200]


def test_a_row_a_photo_a_column_a_method(tmp_path):
    truth = write_truth(tmp_path)
    files = {}
    for name, image in (('one', 7), ('two', 10)):
        path = tmp_path / f'{name}.json'
        path.write_text(json.dumps([detection(image, [10, 10, 60, 50], 1, 0.8)]))
        files[name] = str(path)
    widths = []
    for chosen in (dict(one=files['one']), files):
        out = tmp_path / 'sheet.png'
        classes = ['cat', 'dog']
        detection_pictures.draw(chosen, classes, truth, str(tmp_path), str(out))
        height, width, _ = cv2.imread(str(out)).shape
        widths.append(width)
        assert height > 2 * 150
    assert widths[1] - widths[0] > 150
