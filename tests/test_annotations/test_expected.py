"""What files say about the IoU to expect of their masks."""

import json

import numpy as np
import pytest
from mask_files import make_files

from mmboxcaseg.annotations import (
    box_traits,
    conditions,
    expected_spread,
    mask_traits,
    read_calibration,
    read_coco,
    read_masks,
)
from mmboxcaseg.masks.calibration import Spread


def scored(masks, truth):
    for ann in masks:
        ann.update(proxy_confidence=0.5, proxy_iou=ann['id'] / 10)


def test_boxes_that_share_pixels(tmp_path):
    anns = [
        # Three quarters of the second lie in the first, all of the third.
        dict(bbox=[0, 0, 20, 20]),
        dict(bbox=[5, 10, 10, 13.3]),
        dict(bbox=[5, 10, 10, 10]),
        # Outside, a crowd, and one that is alone.
        dict(bbox=[60, 0, 5, 5]),
        dict(bbox=[0, 0, 50, 40], iscrowd=1),
        dict(bbox=[40.4, 30, 20, 20]),
    ]
    content = dict(
        images=[dict(id=1, file_name='a.jpg', height=40, width=50)],
        categories=[dict(id=1, name='thing')],
        annotations=[
            dict(ann, id=number, image_id=1, category_id=1)
            for number, ann in enumerate(anns, 1)
        ],
    )
    (tmp_path / 'boxes.json').write_text(json.dumps(content))
    found = box_traits(read_coco(str(tmp_path / 'boxes.json')))
    # Sides are rounded, and clipped to the photo.
    assert found.rect_areas.tolist() == [400, 130, 100, 0, 0, 100]
    shared = [200 / 400, 200 / 133, 2, 0, 0, 0]
    assert found.shared == pytest.approx(np.minimum(shared, 1))


def test_traits_of_a_file(tmp_path):
    file = read_masks(make_files(tmp_path, scored)[0])
    # The file is in the reverse order of ids 1, 2, 3, 4, 5, 7.
    places = np.array([5, 3, 0])
    found = mask_traits(file, places)
    assert found.agreement.tolist() == [0.9, 0.3, 0]
    assert found.confidence.tolist() == [0.5] * 3
    assert found.areas.tolist() == [100, 15, 0]
    assert found.rect_areas.tolist() == [100, 100, 0]
    assert found.there.tolist() == [True, True, False]
    assert file.expected_iou[places] == pytest.approx([0.1, 0.3, 0.7])


def test_some_have_one(tmp_path):

    def change(masks, truth):
        masks[2]['proxy_iou'] = 0.5

    with pytest.raises(ValueError, match='has no "proxy_iou", but others'):
        read_masks(make_files(tmp_path, change)[0])


def test_spread(tmp_path):
    path = make_files(tmp_path, scored)[0]
    content = json.loads(open(path).read())
    assert expected_spread(read_masks(path)) is None
    said = dict(sha256='0', within=0.02, between=0.01, curve=0)
    content['info'] = dict(proxy_masks=dict(calibration=said))
    open(path, 'w').write(json.dumps(content))
    assert expected_spread(read_masks(path)) == Spread(0.02, 0.01, 0)
    del said['between']
    open(path, 'w').write(json.dumps(content))
    with pytest.raises(
        ValueError, match='masks.json: info.proxy_masks.*"between" is N'
    ):
        expected_spread(read_masks(path))


def test_conditions():
    made = dict(
        checkpoint_sha256='a',
        merge=True,
        segmentation='rle',
        model_config=dict(
            model=dict(alpha=1, test_cfg=dict(flip=True, crops_per_batch=3)),
            pipeline=[dict(type='CropBoxes')],
        ),
    )
    found = conditions(made)
    assert found == dict(
        checkpoint_sha256='a',
        merge=True,
        test_cfg=dict(flip=True),
        pipeline=[dict(type='CropBoxes')],
    )
    assert conditions({}) == dict(
        checkpoint_sha256=None, merge=None, test_cfg={}, pipeline=None
    )


def test_broken_calibration(tmp_path):
    path = tmp_path / 'c.json'
    for text in ('{', '[]', '{"version": 1}', '\xff'):
        path.write_text(text, encoding='latin-1')
        with pytest.raises(ValueError, match='c.json: '):
            read_calibration(str(path))
    with pytest.raises(FileNotFoundError):
        read_calibration(str(tmp_path / 'nowhere.json'))
