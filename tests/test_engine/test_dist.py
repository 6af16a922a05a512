import os
import os.path as osp
import socket
import subprocess
import sys
from datetime import timedelta

import pytest
import torch
from mmengine.config import Config

from mmboxcaseg.engine import prepare_distributed

no_gpu = pytest.mark.skipif(
    torch.cuda.is_available(), reason='is about machines without a GPU'
)


def test_one_process_needs_nothing():
    cfg = Config(dict(sync_bn='torch', launcher='none'))
    prepare_distributed(cfg)
    assert cfg.to_dict() == dict(sync_bn='torch', launcher='none')


@no_gpu
def test_what_is_missing_is_named(monkeypatch):
    with pytest.raises(ValueError, match="launcher='slurm' needs a GPU"):
        prepare_distributed(Config(dict(launcher='slurm')))
    monkeypatch.delenv('RANK', raising=False)
    with pytest.raises(KeyError, match='no RANK: start .* torchrun'):
        prepare_distributed(Config(dict(launcher='pytorch')))


@no_gpu
def test_config_of_processes_without_a_gpu(monkeypatch):
    started = {}
    monkeypatch.setattr(
        'torch.distributed.init_process_group', lambda **kwargs: started.update(kwargs)
    )
    for name in ('RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'MASTER_ADDR', 'MASTER_PORT'):
        monkeypatch.setenv(name, '0')
    cfg = Config(
        dict(
            launcher='pytorch',
            sync_bn='torch',
            find_unused_parameters=True,
            env_cfg=dict(dist_cfg=dict(backend='nccl', timeout=90)),
        )
    )
    prepare_distributed(cfg)
    assert started == dict(backend='gloo', timeout=timedelta(seconds=90))
    assert cfg.env_cfg.dist_cfg == dict(backend='gloo', timeout=90)
    assert cfg.sync_bn is None
    assert cfg.model_wrapper_cfg == dict(
        type='MMDistributedDataParallel',
        device_ids=None,
        broadcast_buffers=False,
        find_unused_parameters=True,
    )

    cfg = Config(dict(launcher='pytorch', model_wrapper_cfg=dict(static_graph=True)))
    prepare_distributed(cfg)
    assert cfg.model_wrapper_cfg == dict(static_graph=True, device_ids=None)
    assert cfg.env_cfg.dist_cfg.backend == 'gloo'


@no_gpu
def test_two_processes_train_on_the_cpu(tmp_path):
    script = osp.join(osp.dirname(__file__), 'ddp_on_cpu.py')
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = str(free.getsockname()[1])
    processes = [
        subprocess.Popen(
            [sys.executable, script, str(tmp_path)],
            env=dict(
                os.environ,
                RANK=rank,
                LOCAL_RANK=rank,
                WORLD_SIZE='2',
                MASTER_ADDR='127.0.0.1',
                MASTER_PORT=port,
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in '01'
    ]
    results = [process.communicate(timeout=120) for process in processes]
    for process, (_, errors) in zip(processes, results):
        assert process.returncode == 0, errors[-2000:]
    lines = [out.split()[-3:] for out, _ in results]
    assert [line[:2] for line in lines] == [['0', '2'], ['1', '2']]
    # Gradients were averaged: both processes hold the same weights.
    assert lines[0][2] == lines[1][2]
