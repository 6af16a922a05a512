"""BoxCaseg in mmengine's loops: schedule, resuming, EMA, two processes."""

import copy
import itertools
import os
import os.path as osp
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import tiny
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

# Samples of both processes, 8 each: as in training, with different numbers
# of masks, with masks in one process only, without any.
BATCHES = (
    'bbbbbbmm' * 2,
    'bbbbbmmm' + 'bbbbbbbm',
    'bbmmbbmm' + 'bbbbbbbb',
    'bbbbbbbb' * 2,
)


def config(root, iterations, **kwargs):
    cfg = dict(
        default_scope='mmboxcaseg',
        experiment_name=f'{osp.basename(root)}_{iterations}_{len(kwargs)}',
        work_dir=str(root / 'work'),
        log_level='WARNING',
        randomness=dict(seed=0),
        model=tiny.model_cfg(),
        train_dataloader=tiny.loader_cfg(root),
        train_cfg=dict(
            type='IterBasedTrainLoop', max_iters=iterations, val_interval=iterations
        ),
        optim_wrapper=dict(
            optimizer=dict(type='SGD', lr=0.05, momentum=0.9, weight_decay=1e-4)
        ),
        param_scheduler=dict(
            type='PolyLR', power=0.9, eta_min=0, end=6, by_epoch=False
        ),
        default_hooks=dict(
            checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=3)
        ),
        log_processor=dict(by_epoch=False),
    )
    cfg.update(kwargs)
    return Config(cfg)


def train(*args, **kwargs):
    runner = Runner.from_cfg(config(*args, **kwargs))
    rates = []
    step = runner.train_loop.run_iter

    def run_iter(data_batch):
        rates.append(runner.optim_wrapper.get_lr()['lr'][0])
        step(data_batch)

    runner.train_loop.run_iter = run_iter
    runner.train()
    return runner, rates


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
    """A training of 6 iterations, its rates and its folder."""
    root = tmp_path_factory.mktemp('whole')
    tiny.write_joint(root)
    return (*train(root, 6), root)


@pytest.fixture(scope='module')
def stopped(tmp_path_factory):
    """The same training, stopped after 3 iterations."""
    root = tmp_path_factory.mktemp('stopped')
    tiny.write_joint(root)
    return (*train(root, 3), root)


def momenta(runner):
    state = runner.optim_wrapper.state_dict()['state']
    return [state[i]['momentum_buffer'] for i in range(len(state))]


def test_schedule_is_poly(whole):
    runner, rates, _ = whole
    # mmengine's reaches zero in the last iteration, not after it.
    expected = [0.05 * (1 - i / 5) ** 0.9 for i in range(6)]
    assert rates == pytest.approx(expected, rel=1e-6)
    assert runner.iter == 6


def test_resumed_training_goes_on(whole, stopped):
    straight, rates, straight_root = whole
    first, first_rates, root = stopped
    assert first_rates == rates[:3]
    second, second_rates = train(root, 6, resume=True)
    assert second.iter == 6
    assert second_rates == pytest.approx(rates[3:], rel=1e-9)
    # Patches are drawn anew after the stop, so the weights of the end may
    # differ; what came before must not.
    one, other = (
        torch.load(folder / 'work' / 'iter_3.pth', weights_only=False)
        for folder in (straight_root, root)
    )
    assert one['meta']['iter'] == other['meta']['iter'] == 3
    for name, value in one['state_dict'].items():
        assert torch.equal(value, other['state_dict'][name]), name


def test_resumed_step_is_the_uninterrupted_one(stopped):
    """With the same batch, iteration 4 ends at the same weights."""
    uninterrupted, _, root = stopped
    inputs, samples = tiny.patches(['box', 'mask', 'box', 'mask'])

    def step(runner):
        runner.model.train()
        losses = runner.model(inputs, samples, mode='loss')
        runner.optim_wrapper.update_params(tiny.total(losses))
        return [p.detach() for p in runner.model.parameters()]

    resumed = Runner.from_cfg(
        config(root, 4, resume=True, load_from=str(root / 'work' / 'iter_3.pth'))
    )
    resumed.train_loop.run = lambda: None
    resumed.train()
    assert resumed.iter == uninterrupted.iter == 3
    rates = [x.optim_wrapper.get_lr()['lr'] for x in (uninterrupted, resumed)]
    assert rates[0] == pytest.approx(rates[1], rel=1e-9)
    assert all(map(torch.equal, momenta(uninterrupted), momenta(resumed)))
    assert all(map(torch.equal, step(uninterrupted), step(resumed)))
    assert all(map(torch.equal, momenta(uninterrupted), momenta(resumed)))


def test_ema(tmp_path):
    tiny.write_joint(tmp_path)
    runner, _ = train(
        tmp_path, 3, custom_hooks=[dict(type='EMAHook', momentum=0.5, begin_iter=0)]
    )
    saved = torch.load(tmp_path / 'work' / 'iter_3.pth', weights_only=False)
    averaged, last = saved['state_dict'], saved['ema_state_dict']
    name = 'transferred_head.transfer_conv.fc1.weight'
    assert torch.equal(
        last[f'module.{name}'], dict(runner.model.named_parameters())[name]
    )
    assert not torch.equal(last[f'module.{name}'], averaged[name])


class ComparedHook(Hook):
    """Compares what is predicted with what a new model predicts."""

    def __init__(self):
        self.predicted = []

    def after_val_iter(self, runner, batch_idx, data_batch, outputs):
        weights = runner.model.state_dict()
        new = tiny.model(test_cfg=dict(with_probs=True))
        new.load_state_dict(weights)
        (expected,) = new.eval().test_step(copy.deepcopy(data_batch))
        for one, other in zip(
            outputs[0].pred_instances.probs, expected.pred_instances.probs, strict=True
        ):
            assert (one == other).all()
        self.predicted.append(
            [
                weights['weak_head.conv.weight'].clone(),
                outputs[0].pred_instances.probs[0],
            ]
        )


def test_validation_predicts_with_the_averaged_weights(tmp_path):
    tiny.write_joint(tmp_path)
    compared = ComparedHook()
    val = dict(
        batch_size=1,
        num_workers=0,
        collate_fn=dict(type='pseudo_collate'),
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=dict(
            type='mmboxcaseg.BoxPromptDataset',
            ann_file=str(tmp_path / 'coco' / 'boxes.json'),
            data_prefix=dict(img=str(tmp_path / 'coco' / 'img')),
            img_ids=[1],
            test_mode=True,
            pipeline=tiny.pipelines().prompt,
        ),
    )
    runner = Runner.from_cfg(
        config(
            tmp_path,
            3,
            model=tiny.model_cfg(test_cfg=dict(with_probs=True)),
            train_cfg=dict(type='IterBasedTrainLoop', max_iters=3, val_interval=1),
            val_dataloader=val,
            val_cfg=dict(type='ValLoop'),
            val_evaluator=[],
            custom_hooks=[dict(type='EMAHook', momentum=0.5, begin_iter=0)],
        )
    )
    runner.register_hook(compared)
    runner.train()
    assert len(compared.predicted) == 3
    for one, other in itertools.pairwise(compared.predicted):
        assert (one[0] != other[0]).any() and (one[1] != other[1]).any()
    averaged = torch.load(tmp_path / 'work' / 'iter_3.pth', weights_only=False)[
        'state_dict'
    ]
    assert torch.equal(compared.predicted[-1][0], averaged['weak_head.conv.weight'])


@pytest.fixture(scope='module')
def two_processes(tmp_path_factory):
    """Mean losses and gradients of every batch of BATCHES."""
    out_file = str(tmp_path_factory.mktemp('ddp') / 'results.pth')
    ddp_loss = str(Path(tiny.__file__).with_name('ddp_loss.py'))
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = str(free.getsockname()[1])
    path = os.pathsep.join(filter(None, sys.path))
    processes = [
        subprocess.Popen(
            [sys.executable, ddp_loss, out_file, *BATCHES],
            env=dict(
                os.environ,
                PYTHONPATH=path,
                RANK=rank,
                LOCAL_RANK=rank,
                WORLD_SIZE='2',
                MASTER_ADDR='127.0.0.1',
                MASTER_PORT=port,
            ),
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in '01'
    ]
    errors = [process.communicate(timeout=120)[1] for process in processes]
    for process, error in zip(processes, errors):
        assert process.returncode == 0, error[-3000:]
    return torch.load(out_file)


@pytest.mark.parametrize('index', range(len(BATCHES)), ids=BATCHES)
def test_two_processes_learn_as_one(two_processes, index):
    losses, grads = two_processes[index]
    kinds = [dict(b='box', m='mask')[letter] for letter in BATCHES[index]]
    net = tiny.model().eval()
    expected = net.loss(*tiny.patches(kinds))
    tiny.total(expected).backward()
    for name, loss in expected.items():
        torch.testing.assert_close(losses[name], loss.detach(), rtol=1e-5, atol=1e-7)
    for name, grad in tiny.gradients(net).items():
        torch.testing.assert_close(grads[name], grad, rtol=1e-4, atol=1e-7)
