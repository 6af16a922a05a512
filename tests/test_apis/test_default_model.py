import hashlib
import json
import os

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO

from mmboxcaseg.annotations import (
    expected_spread,
    read_calibration,
    read_coco,
    read_proxy_masks,
)
from mmboxcaseg.apis import BoxCasegInferencer, default_model, init_model
from mmboxcaseg.apis.calibration import true_pairs
from mmboxcaseg.apis.default_model import NAME, default_calibration, default_onnx
from mmboxcaseg.cli import make_proxy_masks
from mmboxcaseg.cli.main import main
from mmboxcaseg.prediction.onnx_model import OnnxModel


def test_both_files_are_found(tmp_path, monkeypatch):
    monkeypatch.setitem(default_model.__globals__, 'WEIGHTS', tmp_path)
    config, checkpoint = tmp_path / f'{NAME}.py', tmp_path / f'{NAME}.pth'
    config.write_text('')
    with pytest.raises(FileNotFoundError) as error:
        default_model()
    assert str(checkpoint) in str(error.value)
    assert str(config) not in str(error.value)
    assert 'give the config and the checkpoint' in str(error.value)
    checkpoint.write_bytes(b'')
    assert default_model() == (str(config), str(checkpoint))


def iou(one, other):
    return (one & other).sum() / (one | other).sum()


def test_the_shipped_model_is_small():
    assert sum(os.path.getsize(path) for path in default_model()) <= 6e6


def test_the_exported_model_is_the_same():
    config, checkpoint = default_model()
    assert os.path.getsize(default_onnx()) <= 6e6
    exported = OnnxModel.read(default_onnx(), 1)
    digest = hashlib.sha256(open(checkpoint, 'rb').read()).hexdigest()
    assert exported.card.checkpoint_sha256 == digest
    cfg = Config.fromfile(config)
    assert exported.card.model_config['pipeline'] == [
        dict(step) for step in cfg.test_dataloader.dataset.pipeline
    ]
    assert exported.card.images_per_batch == cfg.test_dataloader.batch_size
    model = init_model(config, checkpoint, 'cpu')
    assert exported.card.options == model.predict_options
    crops = np.random.default_rng(0).integers(0, 256, (2, 3, 160, 160), dtype=np.uint8)
    np.testing.assert_allclose(
        exported.network(crops), model.network()(crops), atol=1e-4
    )


def test_both_runtimes_make_the_same_masks(shared_data):
    """Of real photos; an IoU of 0.999 on average is what is promised."""
    ann_file = shared_data / 'coco_mini/annotations/instances_val2017.json'
    coco = COCO(str(ann_file))
    one, other = (
        BoxCasegInferencer(device='cpu', runtime=name) for name in ('torch', 'onnx')
    )
    ious = []
    for image in coco.loadImgs(coco.getImgIds()[:3]):
        anns = coco.loadAnns(coco.getAnnIds(image['id'], iscrowd=False))
        boxes = np.array([ann['bbox'] for ann in anns]).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        path = shared_data / 'coco_mini' / 'val2017' / image['file_name']
        results = [infer(path, boxes).masks for infer in (one, other)]
        ious += [iou(mask, again) for mask, again in zip(*results)]
    assert len(ious) > 10 and np.mean(ious) > 0.999


def test_the_shipped_calibration_is_of_its_masks():
    config, checkpoint = default_model()
    made = read_calibration(default_calibration()).calibration.made
    digest = hashlib.sha256(open(checkpoint, 'rb').read()).hexdigest()
    assert made['checkpoint_sha256'] == digest and made['merge'] is True
    cfg = Config.fromfile(config)
    assert made['pipeline'] == cfg.test_dataloader.dataset.pipeline
    expected = dict(cfg.model.test_cfg)
    del expected['crops_per_batch']
    assert made['test_cfg'] == expected


def test_its_calibration_holds_for_other_photos(shared_data, tmp_path):
    """Of photos that neither has seen, the first ten."""
    folder = shared_data / 'coco_mini'
    truth = folder / 'annotations/instances_val2017.json'
    content = json.loads(truth.read_text())
    ids = sorted({ann['image_id'] for ann in content['annotations']})[:10]
    (tmp_path / 'ids.txt').write_text('\n'.join(map(str, ids)))
    out = tmp_path / 'masks.json'
    assert (
        main(
            [
                'masks',
                str(truth),
                str(folder / 'val2017'),
                '-o',
                str(out),
                '--img-ids',
                str(tmp_path / 'ids.txt'),
                '--num-workers',
                '0',
            ]
        )
        == 0
    )
    masks = read_proxy_masks(str(out))
    pairs = true_pairs(masks, read_coco(str(truth), with_masks=True))
    assert len(pairs.ious) > 40
    expected = masks.expected_iou[pairs.places]
    low, high = expected_spread(masks).mean_interval(
        expected, masks.boxes.image_index[pairs.places], np.zeros(len(expected), bool)
    )
    assert low < pairs.ious.mean() < high
    assert high - low < 0.2


def test_it_finds_an_object_without_a_checkpoint_being_named():
    """A dark disc on a bright ground, and a box around it."""
    rng = np.random.default_rng(0)
    photo = rng.integers(170, 210, (200, 240, 3), dtype=np.uint8)
    cv2.circle(photo, (120, 90), 60, (30, 60, 40), -1)
    disc = np.zeros(photo.shape[:2], np.uint8)
    cv2.circle(disc, (120, 90), 60, 1, -1)
    result = BoxCasegInferencer(device='cpu')(photo, [(60, 30, 181, 151)])
    # The filled box has an IoU of about pi / 4.
    assert iou(result.masks[0], disc.astype(bool)) > 0.9
    assert result.agreement[0] > 0.9 and result.confidence[0] > 0.5


def test_its_masks_of_real_photos_are_better_than_boxes(shared_data):
    ann_file = shared_data / 'coco_mini/annotations/instances_val2017.json'
    coco = COCO(str(ann_file))
    infer = BoxCasegInferencer(merge=False, device='cpu')
    ious, box_ious = [], []
    for image in coco.loadImgs(coco.getImgIds()[:12]):
        anns = coco.loadAnns(coco.getAnnIds(image['id'], iscrowd=False))
        boxes = np.array([ann['bbox'] for ann in anns]).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        path = shared_data / 'coco_mini' / 'val2017' / image['file_name']
        masks = infer(path, boxes).masks
        for mask, box, ann in zip(masks, boxes, anns):
            truth = coco.annToMask(ann).astype(bool)
            filled = np.zeros_like(truth)
            x0, y0, x1, y1 = np.floor(box + 0.5).astype(int)
            filled[y0:y1, x0:x1] = True
            ious.append(iou(mask, truth))
            box_ious.append(iou(filled, truth))
    assert len(ious) > 50
    # Over all of val2017 it is nine points.
    assert np.mean(ious) > np.mean(box_ious) + 0.05


def test_its_command_needs_no_config(tmp_path):
    """As a newcomer would run it: boxes, photos, and where to write."""
    photo = np.full((80, 100, 3), 200, np.uint8)
    cv2.circle(photo, (50, 40), 30, (40, 40, 40), -1)
    cv2.imwrite(str(tmp_path / 'a.png'), photo)
    boxes = dict(
        images=[dict(id=1, file_name='a.png', height=80, width=100)],
        annotations=[dict(id=1, image_id=1, category_id=1, bbox=[20, 10, 61, 61])],
        categories=[dict(id=1, name='disc')],
    )
    (tmp_path / 'boxes.json').write_text(json.dumps(boxes))
    status = make_proxy_masks.main(
        [
            '--ann',
            str(tmp_path / 'boxes.json'),
            '--img-dir',
            str(tmp_path),
            '--out',
            str(tmp_path / 'masks.json'),
        ]
    )
    assert not status
    assert {path.name for path in tmp_path.iterdir()} == {
        'a.png',
        'boxes.json',
        'masks.json',
        'masks.report.json',
    }
    (ann,) = json.loads((tmp_path / 'masks.json').read_text())['annotations']
    mask = mask_utils.decode(ann['segmentation']).astype(bool)
    disc = np.zeros((80, 100), np.uint8)
    cv2.circle(disc, (50, 40), 30, 1, -1)
    assert iou(mask, disc.astype(bool)) > 0.85
    assert 0 < ann['proxy_confidence'] <= 1
