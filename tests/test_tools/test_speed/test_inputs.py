import os

import cv2

from mmboxcaseg.annotations import read_masks
from tools.benchmarks.speed import inputs as speed_inputs


def test_photos_are_made_where_there_are_none(inputs):
    masks = read_masks(inputs.ann_file)
    assert masks.boxes.sizes.tolist() == [[200, 240]] * 4
    for name in masks.boxes.file_names:
        photo = cv2.imread(os.path.join(inputs.img_dir, name))
        assert photo.shape == (200, 240, 3)
    assert all(masks.rle(place) for place in range(len(masks.boxes)))
    names = [
        sorted(os.path.splitext(name)[0] for name in os.listdir(folder))
        for folder in (inputs.salient_dir, inputs.mask_dir)
    ]
    assert names[0] == names[1] and len(names[0]) == 4
    assert (inputs.photos, inputs.images) == ('synthetic', 100)


def test_real_photos_are_taken_where_they_are(tmp_path):
    for name in ('coco_mini', 'duts_tr_mini'):
        (tmp_path / name).mkdir()
    with speed_inputs.find_inputs(str(tmp_path)) as found:
        assert found.img_dir == str(tmp_path / 'coco_mini' / 'train2017')
        assert found.photos == 'COCO 2017 and DUTS-TR'
        assert found.images == 118287
