"""Shared memory of the processes that read photos."""

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from torch.utils.data import DataLoader, Dataset

from mmboxcaseg.engine import shared_memory
from mmboxcaseg.engine.shared_memory import (
    SPARE,
    WorkerError,
    batch_bytes,
    fitting_workers,
    held,
    shared_collate,
    tensor_bytes,
    worker_error,
)

WAYS_OUT = '--num-workers 0'


def test_bytes_of_batches():
    # (60 + 1) * 2 crops of 3 x 160 x 160 bytes, and 5 * 2 of them.
    np.testing.assert_array_equal(batch_bytes([60, 1, 5], 2, 160, 2), [9369600, 768000])
    assert len(batch_bytes([], 1, 160, 4)) == 0


@pytest.mark.parametrize(
    'free, expected',
    [
        (None, 4),
        (SPARE + 1000, 4),
        # Three workers: 3 * 2 + 2 of the ten batches of 100 bytes are there.
        (SPARE + 800, 3),
        (SPARE + 799, 2),
        (SPARE + 400, 1),
        (SPARE + 399, 0),
        (0, 0),
    ],
)
def test_workers_that_fit(free, expected):
    assert fitting_workers(np.full(10, 100), free, 4) == expected


def test_the_fullest_batches_decide_and_processes_share():
    batches = np.array([1, 1, 1, 1, 90, 90, 1, 1, 1, 1])
    # Any four batches in a row: 90 + 90 + 1 + 1.
    assert fitting_workers(batches, SPARE + 182, 1) == 1
    assert fitting_workers(batches, SPARE + 181, 1) == 0
    # Two processes hold eight: 180 + 6.
    assert fitting_workers(batches, SPARE + 186, 1, processes=2) == 1
    assert fitting_workers(batches, SPARE + 185, 1, processes=2) == 0


class Items(Dataset):
    def __len__(self):
        return 3

    def __getitem__(self, index):
        return dict(
            inputs=torch.full((4,), index),
            data_samples=InstanceData(bboxes=torch.ones(1, 4)),
        )


def test_batches_of_workers_are_those_of_the_main_process():
    for workers in (0, 1):
        loader = DataLoader(Items(), 2, num_workers=workers, collate_fn=shared_collate)
        first, last = list(loader)
        assert [one.tolist() for one in first['inputs']] == [[0] * 4, [1] * 4]
        assert len(last['data_samples']) == 1


def test_memory_that_workers_hold():
    # Two workers read two batches ahead each; one is in use, one comes next.
    assert held(np.full(100, 10), 2) == 60
    assert held(np.full(100, 10), 2, prefetch=4, processes=3) == 300
    assert held(np.full(5, 10), 2) == 50
    assert held(np.full(5, 10), 0) == 0


def test_bytes_of_an_item():
    # 4 numbers of 8 bytes and 4 of 4 bytes.
    assert tensor_bytes(Items()[0]) == 48
    assert tensor_bytes([dict(a=torch.ones(3, 2)), 'x', (None,)]) == 24


def refuse(self):
    raise RuntimeError(
        'unable to allocate shared memory(shm) for file '
        '</torch_1_2_3>: No space left on device (28)'
    )


def test_full_shared_memory_is_an_error_and_no_endless_wait(monkeypatch):
    monkeypatch.setattr(torch.Tensor, 'share_memory_', refuse)
    loader = DataLoader(
        Items(), 2, num_workers=1, collate_fn=shared_collate, timeout=60
    )
    with pytest.raises(RuntimeError) as caught:
        list(loader)
    told = worker_error(caught.value, WAYS_OUT)
    assert isinstance(told, WorkerError) and '\n' not in str(told)
    assert str(told).endswith('; --num-workers 0')


def test_dead_workers_are_told_and_other_errors_are_not():
    told = worker_error(
        RuntimeError('DataLoader worker (pid(s) 7) exited unexpectedly'), WAYS_OUT
    )
    assert 'pid(s) 7' in str(told)
    assert worker_error(RuntimeError('mat1 and mat2'), WAYS_OUT) is None


def test_no_folder_no_limit(tmp_path):
    assert shared_memory.free_bytes(str(tmp_path / 'gone')) is None
    assert shared_memory.free_bytes(str(tmp_path)) > 0
