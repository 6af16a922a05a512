"""Training step, training and prediction on a GPU, where there is one."""
import os
import tempfile
import time
from typing import List

import bench_prediction
import torch
from bench_training_data import box_dataset, list_salient, salient_dataset
from bench_training_step import BATCHES, batch, build, step_rows
from measure import Row
from mmdet.datasets.samplers import MultiSourceSampler
from mmengine.dataset import ConcatDataset, pseudo_collate
from mmengine.registry import DefaultScope
from photos import Photos
from torch import nn
from torch.utils.data import DataLoader

from mmboxcaseg.engine import BF16OptimWrapper

# Steps that are measured, and before them.
STEPS, WARM_UP = 50, 10


def rows(photos: Photos) -> List[Row]:
    """The rows of a GPU; none without one."""
    if not torch.cuda.is_available():
        return []
    inputs, samples = batch(BATCHES['cuda'])
    model = build(channels_last=True).cuda()
    model.to(memory_format=torch.channels_last)
    inputs, samples = inputs.cuda(), [sample.cuda() for sample in samples]
    return [
        *step_rows(inputs, samples, 10, 3, time.perf_counter),
        *training_rows(photos, model,
                       os.cpu_count() or 1),
        *bench_prediction.rows(photos, 'cuda')
    ]


def training_rows(photos: Photos, model: nn.Module, workers: int) -> List[Row]:
    """Training in bf16 from photos in their files: images a second, and the
    share of that time in which the model waits for the data loader.

    Args:
        photos (Photos): The photos.
        model (nn.Module): On its device, with channels last.
        workers (int): Processes of the data loader.
    """
    counts = list(BATCHES['cuda'])
    wrapper = BF16OptimWrapper(torch.optim.SGD(model.parameters(), lr=1e-4))
    waiting = 0.0
    with DefaultScope.overwrite_default_scope(
            'mmboxcaseg'), tempfile.TemporaryDirectory() as folder:
        dataset = ConcatDataset([
            box_dataset(photos, True),
            salient_dataset(photos, list_salient(photos, folder))
        ])
        loader = DataLoader(
            dataset,
            batch_size=sum(counts),
            sampler=MultiSourceSampler(dataset, sum(counts), counts, seed=0),
            num_workers=workers,
            collate_fn=pseudo_collate)
        batches = iter(loader)
        for step in range(WARM_UP + STEPS):
            if step == WARM_UP:
                started, waiting = time.perf_counter(), 0.0
            asked = time.perf_counter()
            patches = next(batches)
            waiting += time.perf_counter() - asked
            model.train_step(patches, wrapper)
            if torch.cuda.is_available():
                torch.cuda.synchronize()
        taken = time.perf_counter() - started
        del batches
    name = f'training from files, {workers} workers, bf16, channels last'
    return [
        Row(name, 'images/s', None,
            STEPS * sum(counts) / taken),
        Row('the same, share of time waiting for data', '%', None,
            100 * waiting / taken)
    ]
