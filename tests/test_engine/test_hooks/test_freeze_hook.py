"""FreezeHook against a run of a small model."""

import pytest
import torch
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import nn

from mmboxcaseg.engine import FreezeHook


class Net(BaseModel):
    """Two normalised layers and a dropout between them."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))
        self.roi = nn.ModuleDict(
            dict(mask=nn.Sequential(nn.Linear(4, 1), nn.BatchNorm1d(1)))
        )

    def forward(self, inputs, mode='tensor'):
        body = self.body(torch.stack(inputs))
        if mode == 'loss':
            self.body_outputs = body.detach()
        value = self.roi['mask'](body)
        return dict(loss=(value - 1).abs().mean()) if mode == 'loss' else [value]


class Nothing(BaseMetric):
    """A metric so that there is a validation to come back from."""

    def process(self, data_batch, data_samples):
        self.results.append(0)

    def compute_metrics(self, results):
        return dict(count=len(results))


def run(tmp_path, trained):
    torch.manual_seed(0)
    model = Net()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    data = dict(
        batch_size=4,
        dataset=[dict(inputs=torch.tensor([float(i), 1.0, -i])) for i in range(8)],
        sampler=dict(type='DefaultSampler', shuffle=False),
    )
    runner = Runner(
        model,
        str(tmp_path),
        train_dataloader=data,
        val_dataloader=data,
        train_cfg=dict(by_epoch=True, max_epochs=3, val_interval=1),
        val_cfg=dict(),
        val_evaluator=[Nothing(prefix='nothing')],
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1, weight_decay=0.1)),
        custom_hooks=[FreezeHook(trained)],
        default_hooks=dict(checkpoint=None),
        log_level='ERROR',
        experiment_name='freeze',
    )
    runner.train()
    return model, before


def test_only_the_named_module_changes(tmp_path):
    model, before = run(tmp_path, 'roi.mask')
    after = model.state_dict()
    # Three epochs of two batches; validation in between.
    assert after['roi.mask.1.num_batches_tracked'] == 6
    for key, value in after.items():
        assert torch.equal(value, before[key]) == key.startswith('body'), key
    assert model.body[0].weight.grad is None
    # No dropout in a frozen module: all of its outputs are alive, those of a
    # trained one with a probability of 0.5 each.
    assert (model.body_outputs != 0).all()


def test_unknown_module(tmp_path):
    with pytest.raises(ValueError, match="'roi.box'.*Net"):
        run(tmp_path, ['roi.mask', 'roi.box'])
