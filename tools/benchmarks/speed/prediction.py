"""Prediction end to end against the network's forward pass alone."""
import time
from typing import List

import torch
from bench_training_step import bare_logits, build
from measure import Row, in_turn, speedup
from mmengine.dataset import pseudo_collate
from mmengine.registry import DefaultScope
from photos import Photos
from torch.utils.data import DataLoader, Subset

from mmboxcaseg import proxy_masks
from mmboxcaseg.datasets import BoxPromptDataset

SIZE = 320
IMAGES = dict(cpu=4, cuda=60)
STEPS = [
    dict(type='LoadImageFromFile'),
    dict(type='CropBoxes', size=SIZE),
    dict(type='PackBoxPrompts')
]


def rows(photos: Photos, device: str = 'cpu') -> List[Row]:
    """Item 4, end to end: photos a worker decodes, to encoded masks.

    Wall time, because the worker's time beside the network's is the point.
    """
    with DefaultScope.overwrite_default_scope('mmboxcaseg'):
        dataset = BoxPromptDataset(
            ann_file=photos.ann_file,
            data_prefix=dict(img=photos.img_dir),
            pipeline=STEPS,
            test_mode=True)
    dataset = Subset(dataset, range(IMAGES[device]))
    loader = DataLoader(
        dataset, batch_size=2, num_workers=1, collate_fn=pseudo_collate)
    model = build().to(device).eval()
    crops = torch.cat([item['inputs'] for item in dataset]).to(device)

    @torch.no_grad()
    def bare() -> None:
        for chunk in crops.split(model.test_cfg['crops_per_batch']):
            inputs = model.data_preprocessor.normalize(chunk)
            bare_logits(model, inputs)
        if device == 'cuda':
            torch.cuda.synchronize()

    def whole() -> None:
        for batch in loader:
            for sample in model.test_step(batch):
                rects = sample.pred_instances.rects.cpu().numpy()
                boxes = sample.prompt_instances.bboxes.cpu().numpy()
                height, width = sample.ori_shape[:2]
                proxy_masks.proxy_rles(sample.pred_instances.masks, rects,
                                       boxes, height, width)

    taken = in_turn(
        dict(bare=bare, whole=whole), 1, device == 'cuda', time.perf_counter)
    return [
        speedup(
            f'{device}: proxy masks end to end, HRNet-W48, a crop of '
            f'{SIZE} px, against forward alone', 'ms',
            1e3 * taken['bare'] / len(crops),
            1e3 * taken['whole'] / len(crops), 0.9)
    ]
