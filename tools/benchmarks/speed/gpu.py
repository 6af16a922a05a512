"""Training step, training and prediction on a GPU, where there is one."""

import os
import time

import torch
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from torch import nn

from mmboxcaseg.engine import BF16OptimWrapper

from . import prediction
from .inputs import Inputs
from .measure import Row
from .training_data import loader_config
from .training_step import BATCHES, batch, build, step_rows

# Number of steps that are measured, and of steps before them.
STEPS, WARM_UP = 50, 10


def rows(inputs: Inputs) -> list[Row]:
    """Measure on a GPU; no rows without one."""
    if not torch.cuda.is_available():
        return []
    patches, samples = batch(BATCHES['cuda'])
    patches, samples = patches.cuda(), [sample.cuda() for sample in samples]
    model = build(channels_last=True)
    model.to('cuda', memory_format=torch.channels_last)
    return [
        *step_rows(patches, samples, 10, 3, time.perf_counter),
        *training_rows(inputs, model, os.cpu_count() or 1),
        *prediction.rows(inputs, 'cuda'),
    ]


def training_rows(inputs: Inputs, model: nn.Module, workers: int) -> list[Row]:
    """Measure training in bf16 from files of photos.

    Args:
        inputs (Inputs): The photos.
        model (nn.Module): Model on its device, with channels last.
        workers (int): Number of processes of the data loader.

    Returns:
        list[Row]: Images per second, and the share of the time in which the
        model waits for the data loader.
    """
    wrapper = BF16OptimWrapper(torch.optim.SGD(model.parameters(), lr=1e-4))
    waiting = 0.0
    cfg = loader_config(inputs)
    cfg.num_workers = workers
    with DefaultScope.overwrite_default_scope('mmboxcaseg'):
        loader = Runner.build_dataloader(cfg, seed=0)
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
    # Ends the workers.
    del batches, loader
    return [
        Row(
            f'training from files, {workers} workers, bf16, channels last',
            'images/s',
            STEPS * cfg.batch_size / taken,
        ),
        Row('the same, share of time waiting for data', '%', 100 * waiting / taken),
    ]
