"""COCO's and CVAT's json, read by supervision, pycocotools and datumaro."""

import json

import numpy as np
import pytest
from export_files import NAMES, export, hard_masks, write_hard_masks
from pycocotools.coco import COCO
from scipy.ndimage import binary_fill_holes


@pytest.fixture
def path(tmp_path):
    return write_hard_masks(tmp_path)


@pytest.mark.parametrize('form', ['rle', 'polygons'])
def test_coco(path, tmp_path, form):
    out = tmp_path / 'out.json'
    report = export(path, out, segmentation=form)
    assert (report.masks, report.crowds, report.left_out) == (6, 1, {})
    coco = COCO(str(out))
    assert len(coco.anns) == 8
    for number, (_, mask) in enumerate(hard_masks()):
        ann = coco.anns[10 + number]
        right = mask if form == 'rle' else binary_fill_holes(mask)
        assert (coco.annToMask(ann) == right).all()
        assert ann['area'] == right.sum()
    assert list(report.changed.values()) == ([] if form == 'rle' else [[12]])
    supervision = pytest.importorskip('supervision')
    dataset = supervision.DetectionDataset.from_coco(
        str(tmp_path / 'photos'), str(out), force_masks=True
    )
    if form == 'rle':
        read = dataset.annotations[str(tmp_path / 'photos/1.png')].mask
        assert (read[:4] == [mask for _, mask in hard_masks()[:4]]).all()


def test_simplified(path, tmp_path):
    exact, out = tmp_path / 'exact.json', tmp_path / 'out.json'
    export(path, exact)
    export(path, out, simplify=1.5)
    points = [
        sum(
            len(part)
            for ann in json.loads(one.read_text())['annotations']
            if isinstance(ann['segmentation'], list)
            for part in ann['segmentation']
        )
        for one in (exact, out)
    ]
    assert points[1] < points[0]
    for ann in json.loads(out.read_text())['annotations'][:6]:
        assert ann['area'] > 0


@pytest.fixture
def cvat(path, tmp_path):
    content = json.loads(path.read_text())
    content['annotations'][3]['proxy_review'] = 'rejected'
    path.write_text(json.dumps(content))
    report = export(path, tmp_path / 'cvat.json', format='cvat')
    assert (report.masks, report.crowds, report.left_out) == (6, 1, {})
    return tmp_path / 'cvat.json'


def test_cvat(cvat):
    content = json.loads(cvat.read_text())
    assert [one['id'] for one in content['categories']] == [1, 2]
    anns = {ann['id']: ann for ann in content['annotations']}
    assert anns[13]['attributes'] == dict(
        confidence=pytest.approx(0.6), agreement=0.65, review='rejected'
    )
    # Without a mask it is a box.
    assert (anns[90]['segmentation'], anns[90]['area']) == ([], 30)
    labels = json.loads(cvat.with_suffix('.labels.json').read_text())
    assert [one['name'] for one in labels] == list(NAMES.values())
    assert [one['name'] for one in labels[0]['attributes']] == [
        'agreement',
        'confidence',
        'review',
    ]


def test_datumaro_reads_cvat(cvat, tmp_path):
    datumaro = pytest.importorskip('datumaro')
    root = tmp_path / 'root'
    (root / 'annotations').mkdir(parents=True)
    cvat.rename(root / 'annotations/instances_default.json')
    (root / 'images').mkdir()
    (root / 'images/default').symlink_to(tmp_path / 'photos')
    dataset = datumaro.Dataset.import_from(str(root), 'coco_instances')
    read = {
        kind: {
            ann.id: ann
            for item in dataset
            for ann in item.annotations
            if ann.type.name == kind
        }
        for kind in ('mask', 'bbox')
    }
    # Beside each mask it makes a box.
    assert sorted(read['bbox']) == [10, 11, 12, 13, 14, 15, 90, 91]
    assert sorted(read['mask']) == [10, 11, 12, 13, 14, 15, 91]
    for number, (_, mask) in enumerate(hard_masks()):
        found = read['mask'][10 + number]
        assert (np.asarray(found.image) == mask).all()
        assert found.attributes['confidence'] == pytest.approx(0.9 - number / 10)
    assert read['mask'][91].attributes['is_crowd']


def test_ids_that_are_text_become_numbers_for_cvat(tmp_path):

    def rename(data):
        for image in data['images']:
            image['id'] = f'photo {image["id"]}'
        for ann in data['annotations']:
            ann['image_id'] = f'photo {ann["image_id"]}'

    path = write_hard_masks(tmp_path, rename)
    export(path, tmp_path / 'cvat.json', format='cvat')
    content = json.loads((tmp_path / 'cvat.json').read_text())
    assert [image['id'] for image in content['images']] == [1, 2]
    assert [ann['image_id'] for ann in content['annotations']] == [
        1,
        1,
        1,
        1,
        2,
        2,
        1,
        2,
    ]
