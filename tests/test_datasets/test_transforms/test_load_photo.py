"""Photos of detectors: upright, whoever loads them."""

import cv2
import numpy as np
import pytest
from mmcv.transforms import Compose
from mmdet.apis import DetInferencer
from mmdet.datasets.utils import get_loading_pipeline
from mmengine.config import Config
from mmengine.registry import DefaultScope
from PIL import Image

from mmboxcaseg.annotations import BadInputError

# Dark to bright from left to right.
PHOTO = np.tile(np.linspace(0, 200, 96).astype(np.uint8), (64, 1))
STAGE3 = [
    'proxy_mask_rcnn/mask-rcnn_r50_fpn_voc.py',
    'proxy_mask_rcnn/mask-rcnn_r101_fpn_coco.py',
    'proxy_mask_rcnn/mini/mask-rcnn_mobilenetv2_fpn_coco-mini.py',
    'proxy_mask_rcnn/mini/mask-rcnn_mobilenetv2_fpn_synthetic.py',
    'baselines/bbtp_r101_fpn_coco.py',
    'baselines/bbtp_r101_fpn_voc.py',
    'baselines/boxinst_r101_fpn_coco.py',
    'baselines/boxinst_r101_fpn_voc.py',
    'baselines/mask-rcnn_r101_fpn_box-masks_coco.py',
    'baselines/mask-rcnn_r101_fpn_box-masks_voc.py',
    'baselines/mask-rcnn_r101_fpn_true-masks_coco.py',
    'baselines/mask-rcnn_r101_fpn_true-masks_voc.py',
    'baselines/mini/bbtp_mobilenetv2_fpn_coco-mini.py',
    'baselines/mini/boxinst_mobilenetv2_fpn_coco-mini.py',
    'baselines/mini/mask-rcnn_mobilenetv2_fpn_box-masks_coco-mini.py',
    'baselines/mini/mask-rcnn_mobilenetv2_fpn_true-masks_coco-mini.py',
]


@pytest.fixture(autouse=True)
def scope_of_mmdet():
    with DefaultScope.overwrite_default_scope('mmdet'):
        yield


@pytest.fixture(params=['photo.webp', 'photo.png', 'photo.jpg'])
def turned(request, tmp_path):
    """Path of PHOTO as it lies on its side, with EXIF to turn it."""
    exif = Image.Exif()
    exif[0x112] = 6
    path = tmp_path / request.param
    lying = Image.fromarray(np.ascontiguousarray(np.rot90(PHOTO)))
    lying.convert('RGB').save(path, exif=exif.tobytes(), quality=95)
    return str(path)


def load(repo_root, name):
    return Config.fromfile(repo_root / 'configs' / name)


def assert_upright(img):
    assert img.shape == (64, 96, 3)
    assert np.abs(img[..., 1].astype(int) - PHOTO).max() < 12


@pytest.mark.parametrize('name', STAGE3)
def test_every_pipeline_of_a_detector_turns_photos(repo_root, name):
    cfg = load(repo_root, name)
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        kinds = [step.type for step in loader.dataset.pipeline]
        assert kinds[:2] == ['LoadImageFromFile', 'mmboxcaseg.UprightPhoto']
        assert len(kinds) == len(set(kinds))


def test_photo_of_a_pipeline_is_upright(repo_root, turned):
    steps = load(repo_root, STAGE3[0]).val_dataloader.dataset.pipeline[:2]
    results = Compose(steps)(dict(img_path=turned, height=64, width=96))
    assert_upright(results['img'])
    assert results['img_shape'] == results['ori_shape'] == (64, 96)
    with pytest.raises(BadInputError, match='96 x 64 pixels.* says 64 x 96'):
        Compose(steps)(dict(img_path=turned, height=96, width=64))


@pytest.mark.parametrize('name', STAGE3[:3])
def test_inferencer_of_mmdet_goes_on(repo_root, turned, name):
    inferencer = DetInferencer.__new__(DetInferencer)
    pipeline = inferencer._init_pipeline(load(repo_root, name))
    for step in pipeline.transforms:
        # To compare with the photo as it is.
        if type(step).__name__ == 'Resize':
            step.scale = (96, 64)
    for given in (turned, cv2.merge([PHOTO] * 3)):
        inputs = pipeline(given)['inputs']
        assert_upright(inputs.numpy().transpose(1, 2, 0))


def test_tools_of_mmdet_find_the_loader(repo_root):
    steps = load(repo_root, STAGE3[0]).train_dataloader.dataset.pipeline
    kinds = [step['type'] for step in get_loading_pipeline(steps)]
    assert kinds == ['LoadImageFromFile', 'LoadAnnotations']


def test_bits_are_stretched_where_asked(tmp_path):
    path = str(tmp_path / 'twelve.png')
    cv2.imwrite(path, PHOTO.astype(np.uint16) << 4)
    for stretch, most in ((False, 200 // 16 + 1), (True, 200)):
        steps = [
            dict(type='LoadImageFromFile'),
            dict(type='mmboxcaseg.UprightPhoto', stretch_16bit=stretch),
        ]
        results = Compose(steps)(dict(img_path=path))
        assert abs(int(results['img'].max()) - most) <= 1


def test_other_photos_are_not_loaded_twice(tmp_path, monkeypatch):
    path = str(tmp_path / 'photo.jpg')
    cv2.imwrite(path, PHOTO)
    pipeline = Compose(
        [dict(type='LoadImageFromFile'), dict(type='mmboxcaseg.UprightPhoto')]
    )
    monkeypatch.setattr(pipeline.transforms[1].load, 'transform', None)
    assert pipeline(dict(img_path=path))['img'].shape == (64, 96, 3)
