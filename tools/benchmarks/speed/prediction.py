"""Prediction end to end, compared with only the network's forward pass."""

import time

import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import DefaultScope
from torch.utils.data import DataLoader, Subset

from mmboxcaseg.datasets import BoxPromptDataset
from mmboxcaseg.masks import proxy_rles

from .inputs import Inputs, base_config
from .measure import Row, compare, in_turn
from .training_step import bare_logits, build

IMAGES = dict(cpu=4, cuda=60)


def rows(inputs: Inputs, device: str = 'cpu') -> list[Row]:
    """Measure the time from photos, which a worker decodes, to encoded masks.

    It is wall time, since the worker should run beside the network.
    """
    with DefaultScope.overwrite_default_scope('mmboxcaseg'):
        dataset = BoxPromptDataset(
            ann_file=inputs.ann_file,
            data_prefix=dict(img=inputs.img_dir),
            pipeline=base_config('datasets/joint_patches.py').prompt_pipeline,
            test_mode=True,
        )
    dataset = Subset(dataset, range(IMAGES[device]))
    loader = DataLoader(dataset, batch_size=2, num_workers=1, collate_fn=pseudo_collate)
    model = build().to(device).eval()
    crops = torch.cat([item['inputs'] for item in dataset]).to(device)

    @torch.no_grad()
    def bare() -> None:
        for chunk in crops.split(model.predict_options.crops_per_batch):
            bare_logits(model, model.data_preprocessor.normalize(chunk))
        if device == 'cuda':
            torch.cuda.synchronize()

    def whole() -> None:
        for batch in loader:
            for sample in model.test_step(batch):
                proxy_rles(
                    sample.pred_instances.masks,
                    sample.pred_instances.rects.cpu().numpy(),
                    sample.prompt_instances.bboxes.cpu().numpy(),
                    *sample.ori_shape[:2],
                )

    ms = in_turn(dict(bare=bare, whole=whole), 1, device == 'cuda', time.perf_counter)
    what = (
        f'{device}: proxy masks end to end, HRNet-W48, a crop of '
        f'{crops.shape[-1]} px, against forward alone'
    )
    return compare(ms, [(what, 'whole', 'bare')], len(crops))
