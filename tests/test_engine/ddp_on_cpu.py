"""One of two processes of test_prepare_distributed.py: trains three steps."""

import os
import sys

import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.registry import DATASETS, MODELS
from mmengine.runner import Runner
from torch import nn

from mmboxcaseg.engine import prepare_distributed


@MODELS.register_module()
class OneLayer(BaseModel):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 3)
        self.norm = nn.BatchNorm1d(3)

    def forward(self, x, mode):
        return dict(loss=self.norm(self.layer(torch.stack(x))).square().mean())


@DATASETS.register_module()
class EightPoints(torch.utils.data.Dataset):
    def __len__(self):
        return 8

    def __getitem__(self, index):
        return dict(x=torch.tensor([index, 1.0]))


cfg = Config(
    dict(
        launcher='pytorch',
        sync_bn='torch',
        default_scope='mmengine',
        work_dir=sys.argv[1],
        log_level='WARNING',
        model=dict(type='OneLayer'),
        train_dataloader=dict(
            dataset=dict(type='EightPoints'),
            batch_size=4,
            num_workers=0,
            sampler=dict(type='DefaultSampler', shuffle=True),
        ),
        train_cfg=dict(by_epoch=False, max_iters=3),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        default_hooks=dict(checkpoint=None),
    )
)
prepare_distributed(cfg)
runner = Runner.from_cfg(cfg)
runner.train()
print(
    runner.rank,
    runner.world_size,
    f'{runner.model.module.layer.weight.sum().item():.6f}',
    flush=True,
)
torch.distributed.destroy_process_group()
# See tests/test_models/ddp_loss.py.
os._exit(0)
