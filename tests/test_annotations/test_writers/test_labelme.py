"""Labelme's files, by its schema and by its own package."""

import base64
import io
import json

import numpy as np
import pytest
from export_files import SIZES, export, hard_masks, write_hard_masks
from PIL import Image


@pytest.fixture
def path(tmp_path):
    return write_hard_masks(tmp_path)


def shapes_of(out):
    return {
        image: json.loads((out / f'annotations/{image}.json').read_text())
        for image in SIZES
    }


def test_masks_to_the_pixel(path, tmp_path):
    export(path, tmp_path / 'out', tmp_path / 'photos', format='labelme')
    found = []
    for image, content in shapes_of(tmp_path / 'out').items():
        photo = tmp_path / 'out/annotations' / content['imagePath']
        assert photo.resolve() == tmp_path / f'photos/{image}.png'
        assert (content['imageHeight'], content['imageWidth']) == SIZES[image]
        for shape in content['shapes']:
            if shape['shape_type'] == 'rectangle':
                assert shape['points'] == [[80, 50], [85, 56]]
                continue
            (x0, y0), (x1, y1) = np.array(shape['points'], int).tolist()
            part = Image.open(io.BytesIO(base64.b64decode(shape['mask'])))
            mask = np.zeros(SIZES[image], bool)
            mask[y0 : y1 + 1, x0 : x1 + 1] = np.array(part)
            found.append((mask, shape))
    for number, ((_, mask), (read, shape)) in enumerate(
        zip(hard_masks(), found, strict=True)
    ):
        assert (mask == read).all()
        assert shape['score'] == pytest.approx(0.9 - number / 10)


def test_parts_are_one_group(path, tmp_path):
    export(path, tmp_path / 'out', format='labelme', simplify=1)
    shapes = shapes_of(tmp_path / 'out')[1]['shapes']
    groups = [shape['group_id'] for shape in shapes if shape['shape_type'] == 'polygon']
    assert groups == [1, 2, 2, 3, 4]


@pytest.mark.parametrize('form', ['rle', 'polygons'])
def test_labelme(path, tmp_path, form):
    labelme = pytest.importorskip('labelme._label_file')
    from labelme.utils import shapes_to_label

    export(
        path, tmp_path / 'out', tmp_path / 'photos', format='labelme', segmentation=form
    )
    ious = []
    for image, size in SIZES.items():
        file = labelme.LabelFile(str(tmp_path / f'out/annotations/{image}.json'))
        shapes = [one for one in file.shapes if one['shape_type'] != 'rectangle']
        masks = [mask for place, mask in hard_masks() if place == image]
        for number, mask in enumerate(masks, 1):
            _, drawn = shapes_to_label(
                size,
                [one for one in shapes if one['group_id'] == number],
                dict.fromkeys((one['label'] for one in shapes), 1),
            )
            drawn = drawn > 0
            ious.append((mask & drawn).sum() / (mask | drawn).sum())
    # Labelme takes the pixels on a polygon's line for the object's.
    assert min(ious) == 1 if form == 'rle' else np.mean(ious[:3]) > 0.7
