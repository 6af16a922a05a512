"""A BoxCaseg that trains in milliseconds, and data for it."""

import io
import json
import logging
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import MODELS
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from torch import Tensor, nn

from mmboxcaseg.head_names import HEADS

MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
CHANNELS = 6 + 10
SIZE = 32


@MODELS.register_module()
class TinyBackbone(nn.Module):
    """Maps at strides 4 and 8 with 6 and 10 channels."""

    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(
            nn.Conv2d(3, 6, 5, stride=4, padding=2), nn.BatchNorm2d(6), nn.ReLU()
        )
        self.second = nn.Sequential(
            nn.Conv2d(6, 10, 3, stride=2, padding=1), nn.BatchNorm2d(10), nn.ReLU()
        )

    def forward(self, x: Tensor) -> tuple:
        first = self.first(x)
        return first, self.second(first)


def narrow_hrnet(width: int = 4, **kwargs) -> dict:
    """Config of mmseg's HRNet with ``width`` channels at stride 4."""
    channels = [width * 2**i for i in range(4)]
    extra = dict(
        stage1=dict(
            num_modules=1,
            num_branches=1,
            block='BOTTLENECK',
            num_blocks=(1,),
            num_channels=(4,),
        )
    )
    for stage in (2, 3, 4):
        extra[f'stage{stage}'] = dict(
            num_modules=1,
            num_branches=stage,
            block='BASIC',
            num_blocks=(1,) * stage,
            num_channels=tuple(channels[:stage]),
        )
    return dict(type='mmseg.HRNet', extra=extra, norm_eval=False, **kwargs)


def model_cfg(channels: int = CHANNELS, **kwargs) -> dict:
    """Config of BoxCaseg, its keys replaced by ``kwargs``."""
    head = dict(type='SegmentationHead', in_channels=channels)
    cfg = dict(
        type='mmboxcaseg.BoxCaseg',
        data_preprocessor=dict(
            type='BoxCasegDataPreprocessor', mean=MEAN, std=STD, bgr_to_rgb=True
        ),
        backbone=dict(type='TinyBackbone'),
        weak_head=head,
        salient_head=head,
        transferred_head=dict(type='TransferredHead', in_channels=channels),
    )
    cfg.update(kwargs)
    return cfg


def without(*names: str) -> dict:
    """Keys of a config that leave out heads."""
    return {f'{name}_head': None for name in names}


def only(*names: str) -> dict:
    """Keys of a config that leave out all heads but these."""
    return without(*set(HEADS) - set(names))


def model(seed: int = 0, **kwargs) -> nn.Module:
    """BoxCaseg with random weights and statistics; its scores vary."""
    torch.manual_seed(seed)
    net = MODELS.build(model_cfg(**kwargs))
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.5, 0.5)
            nn.init.uniform_(module.running_mean, -0.3, 0.3)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
        elif isinstance(module, (nn.Conv2d, nn.Linear)):
            fan_in = module.weight[0].numel()
            nn.init.normal_(module.weight, std=fan_in**-0.5)
    return net


def patches(supervision: Sequence[str], seed: int = 0, size: int = SIZE) -> tuple:
    """Normalised patches (B, 3, size, size) and their data samples.

    Labels are boxes for ``'box'`` and two overlapping boxes for ``'mask'``.
    """
    rng = np.random.default_rng(seed)
    inputs = rng.standard_normal((len(supervision), 3, size, size))
    samples = []
    for kind in supervision:
        label = np.zeros((1, size, size), dtype=np.int64)
        for _ in range(1 if kind == 'box' else 2):
            x0, y0 = rng.integers(0, size // 2, 2)
            x1, y1 = rng.integers(size // 2, size + 1, 2)
            label[0, y0:y1, x0:x1] = 1
        sample = SegDataSample(metainfo=dict(supervision=kind))
        sample.gt_sem_seg = PixelData(data=torch.from_numpy(label))
        samples.append(sample)
    return torch.from_numpy(inputs).float(), samples


def total(losses: dict) -> Tensor:
    """Sum of the losses of a step."""
    return sum(losses.values())


def gradients(net: nn.Module) -> dict:
    """Gradient of every parameter by name; None stays None."""
    return {
        name: None if p.grad is None else p.grad.clone()
        for name, p in net.named_parameters()
    }


def log_of(function: Callable) -> tuple[str, Any]:
    """What mmengine logs while a function runs, and its result."""
    # A new logger becomes the current one, whatever ran before.
    logger = MMLogger.get_instance(f'log_of_{uuid.uuid4()}')
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger.addHandler(handler)
    result = function()
    logger.removeHandler(handler)
    return stream.getvalue(), result


def write_coco(
    root: Path,
    boxes: Sequence[Sequence],
    size: tuple = (40, 60),
    seed: int = 0,
    **ann_keys,
) -> str:
    """Photos of noise with coloured boxes, and their COCO json.

    Args:
        root (Path): Folder; photos go to ``root/img``.
        boxes (Sequence): For each image, its boxes xywh.
        size (tuple): Height and width of the photos.
        ann_keys: Further keys of every annotation.

    Returns:
        str: Path of the json. Images have the ids 1, 2, ...; annotations the
        ids 10 * image id + place. Masks are the boxes.
    """
    rng = np.random.default_rng(seed)
    height, width = size
    (root / 'img').mkdir(parents=True, exist_ok=True)
    images, anns = [], []
    for image_id, of_image in enumerate(boxes, 1):
        photo = rng.integers(0, 120, (height, width, 3), dtype=np.uint8)
        for place, (x, y, w, h) in enumerate(of_image):
            photo[int(y) : int(y + h), int(x) : int(x + w), place % 3] = 255
            anns.append(
                dict(
                    id=10 * image_id + place,
                    image_id=image_id,
                    category_id=3 + place % 2,
                    bbox=[x, y, w, h],
                    area=w * h,
                    iscrowd=0,
                    segmentation=[[x, y, x + w, y, x + w, y + h, x, y + h]],
                    **ann_keys,
                )
            )
        cv2.imwrite(str(root / 'img' / f'{image_id}.png'), photo)
        images.append(
            dict(id=image_id, file_name=f'{image_id}.png', height=height, width=width)
        )
    path = root / 'boxes.json'
    categories = [dict(id=3, name='cat'), dict(id=4, name='dog')]
    path.write_text(
        json.dumps(dict(images=images, annotations=anns, categories=categories))
    )
    return str(path)


def write_salient(root: Path, count: int, size: tuple = (40, 60)) -> None:
    """Photos in ``root/img`` whose one bright object is in ``root/mask``."""
    rng = np.random.default_rng(1)
    for folder in ('img', 'mask'):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for index in range(count):
        mask = np.zeros(size, dtype=np.uint8)
        y, x = rng.integers(2, 12, 2)
        mask[y : y + 20, x : x + 30] = 255
        photo = rng.integers(0, 120, (*size, 3), dtype=np.uint8)
        photo[mask > 0] = 255
        cv2.imwrite(str(root / 'img' / f's{index}.png'), photo)
        cv2.imwrite(str(root / 'mask' / f's{index}.png'), mask)


def pipelines(size: int = SIZE) -> Config:
    """``box``, ``salient`` and ``prompt``: the shipped ones, for small data.

    Args:
        size (int): Side of the patches; other sizes keep their ratio to it.
    """
    cfg = Config.fromfile(
        Path(__file__).parents[1]
        / 'configs'
        / '_base_'
        / 'datasets'
        / 'joint_patches.py'
    )
    box, salient, prompt = (cfg.box_pipeline, cfg.salient_pipeline, cfg.prompt_pipeline)
    box[1].size = salient[3].crop_size = size
    salient[2].scale = (size * 320 // 288,) * 2
    prompt[1].size = size
    return Config(dict(box=box, salient=salient, prompt=prompt))


def loader_cfg(root: Path, ratio: Sequence[int] = (2, 2)) -> dict:
    """Training loader of box and salient patches at a ratio.

    ``root`` holds ``coco`` by :func:`write_coco` and ``salient`` by
    :func:`write_salient`.
    """
    steps = pipelines()
    return dict(
        batch_size=sum(ratio),
        num_workers=0,
        collate_fn=dict(type='pseudo_collate'),
        sampler=dict(
            type='mmdet.MultiSourceSampler',
            batch_size=sum(ratio),
            source_ratio=list(ratio),
        ),
        dataset=dict(
            type='mmboxcaseg.JointPatchDataset',
            box=dict(
                type='mmboxcaseg.BoxPatchDataset',
                ann_file=str(root / 'coco' / 'boxes.json'),
                data_prefix=dict(img=str(root / 'coco' / 'img')),
                pipeline=steps.box,
            ),
            salient=dict(
                type='mmboxcaseg.SalientObjectDataset',
                data_prefix=dict(
                    img=str(root / 'salient' / 'img'),
                    mask=str(root / 'salient' / 'mask'),
                ),
                pipeline=steps.salient,
            ),
        ),
    )


def write_joint(root: Path) -> None:
    """What :func:`loader_cfg` reads."""
    write_coco(
        root / 'coco',
        [[(5, 5, 20, 20), (30, 10, 25.5, 15)], [(0, 0, 60, 40)], [(50.2, 30.7, 1, 1)]],
    )
    write_salient(root / 'salient', 5)
