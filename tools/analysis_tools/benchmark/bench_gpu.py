"""Training step and prediction on a GPU, where there is one."""
import time
from typing import List

import bench_prediction
import torch
from bench_training_step import batch, step_rows
from measure import Row
from photos import Photos


def rows(photos: Photos) -> List[Row]:
    """The rows of a GPU; none without one."""
    if not torch.cuda.is_available():
        return []
    inputs, samples = batch('cuda')
    return [
        *step_rows(inputs, samples, 10, 3, time.perf_counter),
        *bench_prediction.rows(photos, 'cuda')
    ]
