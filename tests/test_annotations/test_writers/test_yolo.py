"""YOLO's segmentation labels, read by supervision and by ultralytics' way."""

import json
import os

import cv2
import numpy as np
import pytest
import yaml
from export_files import NAMES, SIZES, export, hard_masks, iou, write_hard_masks
from scipy.ndimage import binary_fill_holes


@pytest.fixture
def out(tmp_path):
    path = write_hard_masks(tmp_path)
    report = export(path, tmp_path / 'out', tmp_path / 'photos', format='yolo-seg')
    assert report.summary() == (
        '2 images, 6 masks; left out: 1 without a mask, 1 crowds; 1 masks '
        "lost their holes, which polygons can't have (annotations 12)"
    )
    return tmp_path / 'out'


def compare(masks, found):
    """Holes are filled, a bridge of 6 pixels and a row is added."""
    for number, ((_, mask), read) in enumerate(zip(masks, found, strict=True)):
        if number == 1:
            assert not (mask & ~read).any() and (read & ~mask).sum() == 6
        else:
            assert (read == binary_fill_holes(mask)).all()


def test_supervision(out):
    supervision = pytest.importorskip('supervision')
    dataset = supervision.DetectionDataset.from_yolo(
        str(out / 'images'),
        str(out / 'labels'),
        str(out / 'data.yaml'),
        force_masks=True,
    )
    assert dataset.classes == list(NAMES.values())
    found = [
        dataset.annotations[str(out / 'images' / f'{image}.png')] for image in SIZES
    ]
    assert [one for part in found for one in part.class_id.tolist()] == [
        0,
        1,
        0,
        1,
        0,
        1,
    ]
    compare(hard_masks(), [mask for one in found for mask in one.mask])


def test_by_readers_that_cut_digits_off(out):
    """As ultralytics does it: ``int32`` of what is left of the photo."""
    found = []
    for image, (height, width) in SIZES.items():
        for line in (out / f'labels/{image}.txt').read_text().splitlines():
            points = np.array(line.split()[1:], np.float32).reshape(-1, 2)
            assert len(points) >= 3
            assert (0 <= points).all() and (points <= 1).all()
            drawn = np.zeros((height, width), np.uint8)
            points = (points * np.float32([width, height])).astype(np.int32)
            cv2.fillPoly(drawn, [points], 1)
            found.append(drawn.astype(bool))
    compare(hard_masks(), found)


def test_on_real_masks(tmp_path, shared_data):
    """Holes and bridges are all that is lost."""
    source = shared_data / 'coco_mini/annotations/instances_val2017.json'
    data = json.loads(source.read_text())
    data['images'] = data['images'][:8]
    ids = {one['id'] for one in data['images']}
    data['annotations'] = [
        ann
        for ann in data['annotations']
        if ann['image_id'] in ids and not ann['iscrowd']
    ]
    path = tmp_path / 'true.json'
    path.write_text(json.dumps(data))
    export(path, tmp_path / 'out', format='yolo-seg')
    from mmboxcaseg.annotations import read_masks
    from mmboxcaseg.masks import decode_rle

    masks, ious = read_masks(str(path)), []
    for image, name in enumerate(masks.boxes.file_names):
        places = [
            place
            for place in masks.boxes.places(image).tolist()
            if decode_rle(masks.rle(place)).any()
        ]
        lines = (
            (tmp_path / 'out/labels' / name.replace('.jpg', '.txt'))
            .read_text()
            .splitlines()
        )
        for place, line in zip(places, lines, strict=True):
            mask = binary_fill_holes(decode_rle(masks.rle(place)))
            height, width = mask.shape
            points = np.array(line.split()[1:], np.float32).reshape(-1, 2)
            drawn = np.zeros(mask.shape, np.uint8)
            cv2.fillPoly(
                drawn, [(points * (width, height)).round().astype(np.int32)], 1
            )
            ious.append(iou(mask, drawn.astype(bool)))
    assert len(ious) > 50
    assert np.mean(ious) > 0.998 and np.mean(np.array(ious) == 1) > 0.85


def test_photos_are_found_as_ultralytics_does(out):
    content = yaml.safe_load((out / 'data.yaml').read_text())
    assert content['names'] == dict(enumerate(NAMES.values()))
    listed = (out / content['train']).read_text().split()
    for name in listed:
        photo = str(out / name)
        assert os.path.isfile(photo)
        label = '/labels/'.join(photo.rsplit('/images/', 1))
        assert os.path.isfile(f'{label.rsplit(".", 1)[0]}.txt')
    mark = json.loads((out / 'export.json').read_text())
    assert mark['complete'] and mark['report']['left_out']['crowds'] == 1


def test_photos_in_folders_called_images(tmp_path):

    def move(data):
        for image in data['images']:
            image['file_name'] = f'train/images/{image["file_name"]}'

    path = write_hard_masks(tmp_path, move)
    (tmp_path / 'photos/train').mkdir()
    (tmp_path / 'photos/train/images').symlink_to(tmp_path / 'photos')
    out = tmp_path / 'out'
    export(path, out, tmp_path / 'photos', format='yolo-seg')
    assert (out / 'train/labels/1.txt').is_file()
    assert (out / 'train/images/1.png').is_file()
    assert './train/images/1.png' in (out / 'train.txt').read_text()


def test_labels_of_others_are_safe(tmp_path):
    path = write_hard_masks(tmp_path)
    labels = tmp_path / 'out/labels'
    labels.mkdir(parents=True)
    (labels / '1.txt').write_text('0 .5 .5 .1 .1')
    with pytest.raises(ValueError, match=r'1\.txt would be mixed with'):
        export(path, tmp_path / 'out', format='yolo-seg')
    assert (labels / '1.txt').read_text() == '0 .5 .5 .1 .1'
    (labels / '1.txt').unlink()
    for _ in range(2):
        export(path, tmp_path / 'out', format='yolo-seg')
    with pytest.raises(ValueError, match='belongs to an export in another format'):
        export(path, tmp_path / 'out', format='png')
    (labels / 'old.txt').write_text('')
    with pytest.raises(ValueError, match='old.txt'):
        export(path, tmp_path / 'out', format='yolo-seg')


def test_photos_of_one_stem(tmp_path):

    def rename(data):
        data['images'][1]['file_name'] = '1.jpg'

    path = write_hard_masks(tmp_path, rename)
    with pytest.raises(ValueError, match="'1.png' and '1.jpg' would both"):
        export(path, tmp_path / 'out', format='yolo-seg')
