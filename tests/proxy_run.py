"""A small run of make_proxy_masks.py: config, weights, photos and boxes."""

import json
import os.path as osp
import runpy
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import save_checkpoint

from mmboxcaseg.registry import MODELS

TOOL = osp.join(osp.dirname(__file__), '..', 'tools', 'make_proxy_masks.py')
CHANNELS = 8 + 8 + 24 + 80
# Part of a config: a BoxCaseg of few channels, without a transferred head.
MODEL = f"""
head = dict(type='SegmentationHead', in_channels={CHANNELS})
model = dict(
    type='BoxCaseg',
    data_preprocessor=dict(
        type='BoxCasegDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True),
    backbone=dict(
        type='mmseg.MobileNetV2', widen_factor=0.25, out_indices=(1, 2, 4, 6)),
    weak_head=head,
    salient_head=head)
"""
CONFIG = (
    """
default_scope = 'mmboxcaseg'
custom_imports = dict(
    imports=['mmboxcaseg.models', 'mmboxcaseg.datasets', 'mmboxcaseg.engine'])
log_level = 'WARNING'
default_hooks = dict(logger=dict(type='LoggerHook'))
"""
    + MODEL
    + """
model.update(test_cfg=dict(crops_per_batch=4))
test_dataloader = dict(
    batch_size=2,
    num_workers=0,
    dataset=dict(
        type='BoxPromptDataset',
        data_root='nowhere/',
        ann_file='none.json',
        data_prefix=dict(img='none/'),
        img_ids=[-1],
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='CropBoxes', size=32),
            dict(type='PackBoxPrompts'),
        ]))
test_evaluator = dict(type='InstanceIoUMetric')
test_cfg = dict(type='TestLoop')
"""
)


def tool() -> dict:
    """The names of the tool, imported anew."""
    return runpy.run_path(TOOL, run_name='make_proxy_masks')


def write_model(folder: Path) -> None:
    """``config.py`` and ``model.pth`` with random weights."""
    (folder / 'config.py').write_text(CONFIG)
    cfg = Config.fromfile(str(folder / 'config.py'))
    init_default_scope('mmboxcaseg')
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    model.init_weights()
    save_checkpoint(dict(state_dict=model.state_dict()), str(folder / 'model.pth'))


def write_inputs(folder: Path) -> None:
    """The model; ten photos, one without and one with unusable boxes."""
    write_model(folder)
    rng = np.random.default_rng(0)
    (folder / 'img').mkdir()
    images, anns = [], []
    for number in range(10):
        height, width = (int(n) for n in rng.integers(40, 60, 2))
        image_id = 50 - number
        cv2.imwrite(
            str(folder / 'img' / f'{number}.png'),
            rng.integers(0, 255, (height, width, 3), dtype=np.uint8),
        )
        images.append(
            dict(id=image_id, file_name=f'{number}.png', height=height, width=width)
        )
        for _ in range(0 if number == 4 else rng.integers(1, 5)):
            x, y = rng.uniform(-2, 25, 2).tolist()
            w, h = rng.uniform(5, 15, 2).tolist()
            anns.append(
                dict(
                    id=len(anns) + 1,
                    image_id=image_id,
                    category_id=17 if number < 5 else 18,
                    bbox=[x, y, w, h],
                    score=0.5,
                )
            )
    anns[1]['bbox'][2] = -3
    anns[2].update(iscrowd=1, segmentation=dict(size=[4, 4], counts=[16]))
    write_boxes(folder, images, anns)


def write_boxes(folder: Path, images: list, anns: list) -> None:
    """``boxes.json`` of two categories."""
    categories = [dict(id=17, name='Kätzchen'), dict(id=18, name='dog')]
    (folder / 'boxes.json').write_text(
        json.dumps(dict(images=images, annotations=anns, categories=categories))
    )


def arguments(folder: Path, out: Path, *more: str) -> list:
    """Command line of a run on ``folder`` that writes into ``out``."""
    return [
        str(folder / 'config.py'),
        str(folder / 'model.pth'),
        '--ann',
        str(folder / 'boxes.json'),
        '--img-dir',
        str(folder / 'img'),
        '--out',
        str(out / 'masks.json'),
        '--work-dir',
        str(out / 'logs'),
        '--device',
        'cpu',
        *more,
    ]


def masks_words(folder, out, *more):
    """The command line of ``boxcaseg masks`` on what write_inputs has written."""
    return [
        'masks',
        str(folder / 'boxes.json'),
        str(folder / 'img'),
        '-o',
        str(out),
        '--config',
        str(folder / 'config.py'),
        '--checkpoint',
        str(folder / 'model.pth'),
        '--device',
        'cpu',
        *more,
    ]
