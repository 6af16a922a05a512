"""VOC's maps, read by Pillow."""

import csv

import numpy as np
import pytest
from export_files import SIZES, export, hard_masks, write_hard_masks
from PIL import Image


def read(path):
    return np.array(Image.open(path))


def test_pixels(tmp_path):
    path = write_hard_masks(tmp_path)
    out = tmp_path / 'out'
    report = export(path, out, format='png')
    assert report.left_out == {'without a mask': 1, 'crowds': 1}
    for image, size in SIZES.items():
        objects, classes = np.zeros((2, *size), int)
        masks = [mask for place, mask in hard_masks() if place == image]
        for number, mask in enumerate(masks, 1):
            objects[mask] = number
            classes[mask] = 1 + (number - 1) % 2
        # The box without a mask, and the crowd.
        void = (
            (slice(50, 56), slice(80, 85))
            if image == 1
            else (slice(40, 45), slice(20, 25))
        )
        objects[void] = classes[void] = 255
        assert (read(out / f'SegmentationObject/{image}.png') == objects).all()
        assert (read(out / f'SegmentationClass/{image}.png') == classes).all()
    names = (out / 'classes.txt').read_text().splitlines()
    assert names == ['background', 'cat', 'dög "x"']
    rows = list(csv.DictReader((out / 'objects.csv').open()))
    assert [row['annotation'] for row in rows] == ['1' + one for one in '012345']
    assert (rows[5]['file'], rows[5]['object']) == ('2.png', '2')
    assert float(rows[5]['confidence']) == pytest.approx(0.4)


def test_palette_of_voc(tmp_path):
    path = write_hard_masks(tmp_path)
    export(path, tmp_path / 'out', format='png')
    picture = Image.open(tmp_path / 'out/SegmentationClass/1.png')
    assert picture.mode == 'P'
    # VOC's devkit: aeroplane, bicycle, bird, tv monitor, void.
    colours = np.reshape(picture.getpalette(), (-1, 3))
    for number, colour in (
        (0, (0, 0, 0)),
        (1, (128, 0, 0)),
        (2, (0, 128, 0)),
        (3, (128, 128, 0)),
        (20, (0, 64, 128)),
        (255, (224, 224, 192)),
    ):
        assert tuple(colours[number]) == colour


def test_many_objects_take_16_bits(tmp_path):

    def many(data):
        one = data['annotations'][3]
        data['annotations'] = [dict(one, id=10 + i) for i in range(255)]
        data['annotations'].append(dict(one, id=999, iscrowd=1))
        data['annotations'][-1].update(
            segmentation=[[0, 0, 4, 0, 4, 4, 0, 4]], bbox=[0, 0, 4, 4]
        )

    path = write_hard_masks(tmp_path, many)
    report = export(path, tmp_path / 'out', format='png')
    objects = read(tmp_path / 'out/SegmentationObject/1.png')
    assert objects.dtype == np.uint16
    assert objects[50, 60] == 1 and (objects[:4, :4] == 65535).all()
    assert len(report.changed['masks lie below smaller ones']) == 254
    assert read(tmp_path / 'out/SegmentationClass/1.png')[0, 0] == 255
