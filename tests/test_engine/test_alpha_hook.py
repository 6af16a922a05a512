"""AlphaScheduleHook in a run of a small model."""
import pytest
import torch
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import nn

from mmboxcaseg.engine import AlphaScheduleHook


class Net(BaseModel):
    """Notes alpha of every call."""

    def __init__(self, alpha):
        super().__init__()
        self.layer = nn.Linear(1, 1)
        if alpha is not None:
            self.alpha = alpha
        self.seen = dict(loss=[], predict=[])

    def forward(self, inputs, mode='tensor'):
        self.seen[mode].append(self.alpha)
        value = self.layer(torch.stack(inputs))
        return dict(loss=value.square().mean()) if mode == 'loss' else [value]


class Nothing(BaseMetric):
    """A metric so that there is a validation."""

    def process(self, data_batch, data_samples):
        self.results.append(0)

    def compute_metrics(self, results):
        return dict(count=len(results))


def run(tmp_path, iters, alpha, start, **kwargs):
    data = dict(
        batch_size=2,
        dataset=[dict(inputs=torch.tensor([float(i)])) for i in range(4)],
        sampler=dict(type='InfiniteSampler', shuffle=False))
    runner = Runner(
        Net(alpha),
        str(tmp_path),
        train_dataloader=data,
        val_dataloader=dict(data, sampler=dict(type='DefaultSampler')),
        train_cfg=dict(by_epoch=False, max_iters=iters, val_interval=2),
        val_cfg=dict(),
        val_evaluator=[Nothing(prefix='nothing')],
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        custom_hooks=[dict(type='AlphaScheduleHook', start=start)],
        default_hooks=dict(
            checkpoint=dict(type='CheckpointHook', interval=3, by_epoch=False),
            logger=None),
        default_scope='mmboxcaseg',
        experiment_name=f'alpha_{tmp_path.name}_{iters}',
        **kwargs)
    runner.train()
    return runner.model.seen


def test_alpha_moves_in_equal_steps(tmp_path):
    seen = run(tmp_path, 5, alpha=0.9, start=0.5)
    assert seen['loss'] == pytest.approx([0.5, 0.6, 0.7, 0.8, 0.9])
    # Validations of two batches after two, four and five iterations.
    assert seen['predict'] == [0.9] * 6


def test_alpha_may_fall_and_one_iteration_is_enough(tmp_path):
    assert run(tmp_path / 'a', 3, 0.2, 1)['loss'] == pytest.approx([1, .6, .2])
    assert run(tmp_path / 'b', 1, 0.7, 0.1)['loss'] == pytest.approx([0.1])


def test_resumed_training_goes_on_where_it_was(tmp_path):
    run(tmp_path, 6, 1.0, 0.0)
    seen = run(
        tmp_path,
        6,
        1.0,
        0.0,
        load_from=str(tmp_path / 'iter_3.pth'),
        resume=True)
    assert seen['loss'] == pytest.approx([0.6, 0.8, 1.0])


@pytest.mark.parametrize('start', [-0.1, 1.01])
def test_start_is_checked(start):
    with pytest.raises(ValueError, match=rf'start={start} is not in \[0, 1\]'):
        AlphaScheduleHook(start)


def test_model_without_alpha(tmp_path):
    with pytest.raises(ValueError, match='Net has no alpha'):
        run(tmp_path, 2, None, 0.5)
