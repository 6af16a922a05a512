"""Prediction end to end, compared with only the network's forward pass."""

import json
import os.path as osp
import tempfile
import time
from itertools import islice
from unittest import mock

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import DefaultScope
from torch.utils.data import DataLoader, Subset

from mmboxcaseg.apis import MaskOptions, make_proxy_masks
from mmboxcaseg.apis.default_model import default_onnx
from mmboxcaseg.datasets import BoxPromptDataset
from mmboxcaseg.masks import proxy_rles
from mmboxcaseg.prediction.onnx_model import OnnxModel, OnnxNetwork

from .inputs import Inputs, base_config
from .measure import Row, compare, in_turn
from .training_step import bare_logits, build

IMAGES = dict(cpu=4, cuda=60)
# Photos of the small model.
PHOTOS = 48


def rows(inputs: Inputs, device: str = 'cpu') -> list[Row]:
    """Rows of HRNet-W48 and, on the CPU, of the small model of the package."""
    found = large_rows(inputs, device)
    return found + small_rows(inputs) if device == 'cpu' else found


def small_rows(inputs: Inputs) -> list[Row]:
    """What ``boxcaseg masks`` makes, from the annotation file to its own one.

    Wall time on one thread; the bare side computes the network of the very
    crops that the command gave to it.
    """
    with open(inputs.ann_file, encoding='utf-8') as file:
        images = {ann['image_id'] for ann in json.load(file)['annotations']}
    chosen = [str(one) for one in islice(sorted(images), PHOTOS)]
    crops: list[np.ndarray] = []
    compute = OnnxNetwork.__call__

    def recorded(self: OnnxNetwork, batch: np.ndarray) -> np.ndarray:
        crops.append(batch)
        return compute(self, batch)

    network = OnnxModel.read(default_onnx(), threads=1).network
    with tempfile.TemporaryDirectory() as folder:

        def whole() -> None:
            make_proxy_masks(
                MaskOptions(
                    ann=inputs.ann_file,
                    img_dir=inputs.img_dir,
                    out=osp.join(folder, 'masks.json'),
                    img_ids=chosen,
                    runtime='onnx',
                )
            )

        with mock.patch.object(OnnxNetwork, '__call__', recorded):
            whole()

        def bare() -> None:
            for batch in crops:
                network(batch)

        ms = in_turn(dict(bare=bare, whole=whole), 3, 1, time.perf_counter)
    what = 'cpu: proxy masks end to end, default model, a crop, against forward alone'
    return compare(ms, [(what, 'whole', 'bare')], sum(map(len, crops)))


def large_rows(inputs: Inputs, device: str) -> list[Row]:
    """From photos that a worker decodes to encoded masks.

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
