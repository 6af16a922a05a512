"""train.py and test.py on a model of one weight."""

import os
import pickle
import socket
import subprocess
import sys

import pytest
import torch

pytestmark = pytest.mark.slow

# The model is y = w * x with squared error; plain SGD, so that the weight
# after some steps can be worked out by hand.
TOY = """
import torch
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from torch import nn
from torch.utils.data import Dataset

from mmboxcaseg.registry import DATASETS, METRICS, MODELS


@DATASETS.register_module()
class ToyData(Dataset):

    def __len__(self):
        return 8

    def __getitem__(self, index):
        return dict(inputs=torch.tensor([1.0 + index]))


@MODELS.register_module()
class ToyModel(BaseModel):

    def __init__(self, start, **kwargs):
        super().__init__(**kwargs)
        self.weight = nn.Parameter(torch.tensor([start]))

    def forward(self, inputs, mode):
        out = self.weight * inputs
        if mode == 'loss':
            return dict(loss=(out - 2 * inputs).square().mean())
        return [dict(value=float(value)) for value in out]


@METRICS.register_module()
class ToyMean(BaseMetric):

    def process(self, data_batch, data_samples):
        self.results.extend(sample['value'] for sample in data_samples)

    def compute_metrics(self, results):
        return dict(mean=sum(results) / len(results))
"""
CONFIG = """
default_scope = 'mmboxcaseg'
custom_imports = dict(imports=['toy'])
model = dict(type='ToyModel', start=0.5)
train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    dataset=dict(type='ToyData'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'))
train_cfg = dict(type='IterBasedTrainLoop', max_iters=2)
optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(type='SGD', lr=0.005))
test_dataloader = train_dataloader
test_cfg = dict(type='TestLoop')
test_evaluator = dict(type='ToyMean')
default_hooks = dict(
    checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=1))
log_processor = dict(by_epoch=False)
"""


@pytest.fixture(scope='module')
def toy(tmp_path_factory):
    folder = tmp_path_factory.mktemp('toy')
    (folder / 'toy.py').write_text(TOY)
    (folder / 'toy_config.py').write_text(CONFIG)
    return folder


def run(command, toy, **env):
    return subprocess.run(
        [str(word) for word in command],
        cwd=toy,
        env=dict(os.environ, PYTHONPATH=str(toy), CUDA_VISIBLE_DEVICES='', **env),
        capture_output=True,
        text=True,
    )


def weight_by_hand(weight, batches, lr=0.005):
    """Steps of gradient descent on mean((w x - 2 x)^2)."""
    for batch in batches:
        grad = sum(2 * (weight * x - 2 * x) * x for x in batch) / len(batch)
        weight -= lr * grad
    return weight


def saved_weight(path):
    checkpoint = torch.load(path, weights_only=False)
    return float(checkpoint['state_dict']['weight'])


@pytest.fixture(scope='module')
def trained(toy, repo_root):
    """Folder of two steps by dist_train.sh, in two processes."""
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    done = run(
        [
            'bash',
            repo_root / 'tools/dist_train.sh',
            'toy_config.py',
            '2',
            '--cfg-options',
            'train_dataloader.batch_size=2',
            'model.start=1.0',
        ],
        toy,
        PORT=str(port),
        VIRTUAL_ENV=sys.prefix,
    )
    assert done.returncode == 0, done.stderr
    return toy / 'work_dirs' / 'toy_config'


def test_two_processes_without_a_gpu(trained):
    """Each takes every other sample; together they step as one would."""
    batches = [[1, 2, 3, 4], [5, 6, 7, 8]]
    assert saved_weight(trained / 'iter_2.pth') == pytest.approx(
        weight_by_hand(1.0, batches)
    )


def test_resume(trained, toy, run_tool, monkeypatch):
    """It goes on from the last checkpoint, in one process now."""
    monkeypatch.chdir(toy)
    monkeypatch.syspath_prepend(toy)
    words = ('--resume', '--cfg-options', 'train_cfg.max_iters=3')
    done = run_tool('train', 'toy_config.py', *words)
    assert done.returncode == 0, done.stderr
    # The sampler starts over at its first batch; the weight doesn't.
    assert saved_weight(trained / 'iter_3.pth') == pytest.approx(
        weight_by_hand(1.0, [[1, 2, 3, 4], [5, 6, 7, 8], [1, 2, 3, 4]])
    )


def test_test(trained, toy, repo_root):
    done = run(
        [
            sys.executable,
            repo_root / 'tools/test.py',
            'toy_config.py',
            trained / 'iter_2.pth',
            '--out',
            'out.pkl',
        ],
        toy,
    )
    assert done.returncode == 0, done.stderr
    weight = saved_weight(trained / 'iter_2.pth')
    with open(toy / 'out.pkl', 'rb') as file:
        values = [sample['value'] for sample in pickle.load(file)]
    assert values == pytest.approx([weight * x for x in range(1, 9)])
    assert f'mean: {weight * 4.5:.4f}' in done.stdout + done.stderr


@pytest.mark.parametrize('tool', ['train', 'test'])
def test_help_is_quick(repo_root, tool):
    """It needs neither torch nor any OpenMMLab package."""
    code = (
        'import runpy, sys\n'
        'for name in ("torch", "mmengine", "mmcv", "mmdet", "mmseg"):\n'
        '    sys.modules[name] = None\n'
        f'sys.argv = ["{tool}.py", "--help"]\n'
        f'runpy.run_path("tools/{tool}.py", run_name="__main__")'
    )
    done = subprocess.run(
        [sys.executable, '-c', code], cwd=repo_root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert '--launcher' in done.stdout


@pytest.mark.parametrize(
    'tool, words, message',
    [
        ('train', ['no_config.py'], 'no_config.py does not exist'),
        ('train', ['toy_config.py', '--cfg-options', 'lr'], "KEY=VALUE, got 'lr'"),
        ('test', ['toy_config.py', 'no.pth'], 'no.pth does not exist'),
        ('test', ['toy_config.py', 'no.pth', '--out', 'a.json'], 'a.json'),
    ],
)
def test_mistakes_in_the_command_line(toy, repo_root, tool, words, message):
    done = run([sys.executable, repo_root / f'tools/{tool}.py', *words], toy)
    assert done.returncode == 2
    assert message in done.stderr
