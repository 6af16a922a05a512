"""Training and testing where shared memory is short."""

import logging
import random
import uuid

import numpy as np
import pytest
import torch
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from torch.utils.data import Dataset

from mmboxcaseg.engine import fitting_runner
from mmboxcaseg.engine.fitting_runner import FittingRunner, batches_of
from mmboxcaseg.engine.shared_memory import SPARE, WorkerError, shared_collate

# Of an item: 1,000 numbers of 4 bytes.
ITEM = 4000


class Items(Dataset):
    def __len__(self):
        return 40

    def __getitem__(self, index):
        # As transforms of training do.
        random.random(), np.random.rand(), torch.rand(1)
        return dict(inputs=torch.full((1000,), float(index)))


class Model(BaseModel):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))

    def forward(self, inputs, mode):
        if mode == 'loss':
            return dict(loss=(self.weight * torch.stack(inputs)).mean())
        return [float(one[0]) for one in inputs]


class Sum(BaseMetric):
    def process(self, data_batch, data_samples):
        self.results += data_samples

    def compute_metrics(self, results):
        return dict(sum=sum(results))


def build(tmp_path, workers, **extra):
    loader = dict(
        batch_size=4,
        num_workers=workers,
        persistent_workers=workers > 0,
        dataset=dict(type=Items),
        sampler=dict(type='DefaultSampler', shuffle=False),
    )
    cfg = dict(
        model=dict(type=Model),
        work_dir=str(tmp_path),
        train_dataloader=loader,
        train_cfg=dict(by_epoch=True, max_epochs=1, val_interval=1),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        val_dataloader=loader,
        val_cfg=dict(),
        val_evaluator=dict(type=Sum),
        default_scope='mmengine',
        log_level='ERROR',
        experiment_name=f'fitting_{uuid.uuid4()}',
    )
    cfg.update(extra)
    return FittingRunner(**cfg)


# Of the batches of 4 items, a quarter larger, that two workers hold: 6, and
# that one holds: 4.
TWO, ONE = 6 * 4 * ITEM * 5 // 4, 4 * 4 * ITEM * 5 // 4


@pytest.mark.parametrize(
    'free, expected',
    [
        (None, (2, 2)),
        (SPARE + 2 * TWO, (2, 2)),
        # Training goes first; its workers are there while it is validated.
        (SPARE + TWO + ONE, (2, 1)),
        (SPARE + TWO, (2, 0)),
        (SPARE + ONE, (1, 0)),
        (0, (0, 0)),
    ],
)
def test_workers_of_training_and_validation(
    tmp_path, monkeypatch, caplog, free, expected
):
    monkeypatch.setattr(fitting_runner, 'free_bytes', lambda: free)
    runner = build(tmp_path, 2)
    logging.getLogger('mmboxcaseg').addHandler(caplog.handler)
    found = []
    for cfg in (runner._train_dataloader, runner._val_dataloader):
        loader = runner.build_dataloader(cfg, seed=0)
        assert loader.collate_fn.func is shared_collate
        assert (loader.timeout > 0) == (loader.num_workers > 0)
        found.append(loader.num_workers)
    logging.getLogger('mmboxcaseg').removeHandler(caplog.handler)
    assert tuple(found) == expected
    # Whether the root logger hears them too depends on the tests before.
    told = {one.created: one.getMessage() for one in caplog.records}
    assert len(told) == sum(one < 2 for one in expected)
    for text in told.values():
        assert 'shm-size' in text and 'num_workers=0' in text


def test_training_and_validation_go_through(tmp_path, monkeypatch):
    """With too little of it all is read in the main process."""
    monkeypatch.setattr(fitting_runner, 'free_bytes', lambda: 0)
    runner = build(tmp_path, 2)
    runner.train()
    # The gradient of the mean of an item's numbers is its number.
    steps = [np.mean(range(4 * i, 4 * i + 4)) for i in range(10)]
    assert runner.model.weight.item() == pytest.approx(1 - 0.1 * sum(steps), rel=1e-5)
    assert runner.message_hub.get_scalar('val/sum').current() == sum(range(40))


def refuse(self):
    raise RuntimeError(
        'unable to allocate shared memory(shm) for file '
        '</torch_1_2_3>: No space left on device (28)'
    )


def test_memory_that_fills_up_later_is_a_line(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.Tensor, 'share_memory_', refuse)
    with pytest.raises(WorkerError, match='train_dataloader.num_workers=0'):
        build(tmp_path, 1).train()


def test_other_errors_stay_what_they_are(tmp_path, monkeypatch):

    def fail(self, inputs, mode):
        raise RuntimeError('mat1 and mat2')

    monkeypatch.setattr(Model, 'forward', fail)
    with pytest.raises(RuntimeError, match='mat1 and mat2') as caught:
        build(tmp_path, 0).train()
    assert not isinstance(caught.value, OSError)


def test_looking_at_items_changes_no_random_numbers():
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    expected = random.random(), np.random.rand(), float(torch.rand(1))
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    np.testing.assert_array_equal(batches_of(Items(), 16), [16 * ITEM * 5 // 4] * 3)
    assert expected == (random.random(), np.random.rand(), float(torch.rand(1)))


def test_items_that_fail_are_told_where_they_are_used(monkeypatch):

    def fail(self, index):
        raise ValueError('no photo')

    monkeypatch.setattr(Items, '__getitem__', fail)
    np.testing.assert_array_equal(batches_of(Items(), 16), [0] * 3)


def test_no_workers_where_the_config_was_written_for_some(tmp_path):
    """torch refuses settings of workers that are not there."""
    runner = build(tmp_path, 2)
    cfg = dict(
        runner._train_dataloader,
        num_workers=0,
        persistent_workers=True,
        prefetch_factor=2,
        timeout=9,
    )
    loader = runner.build_dataloader(cfg, seed=0)
    assert loader.num_workers == 0 and not loader.persistent_workers
    assert len(list(loader)) > 0
